"""Request authorization: the app's JWT, or a user's access token.

Each is applied to the final request, after the HTTP library has rewritten the URL.
https://developer.atlassian.com/cloud/confluence/understanding-jwt/
"""

import requests
from requests.auth import AuthBase

from ..protocol.qsh import query_string_hash
from ..protocol.tokens import encode_symmetric, outbound_claims
from .safe_url import check_prepared


class JWTAuth(AuthBase):
    """Signs a request to one tenant with the app's JWT."""

    def __init__(
        self, *, app_key: str, client_key: str, base_url: str, shared_secret: str
    ) -> None:
        self._app_key = app_key
        self._client_key = client_key
        self._base_url = base_url
        self._shared_secret = shared_secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url, method = request.url or "", request.method or ""
        check_prepared(url, self._base_url)
        claims = outbound_claims(
            app_key=self._app_key,
            client_key=self._client_key,
            qsh=query_string_hash(method, url, base_url=self._base_url),
        )
        token = encode_symmetric(claims, shared_secret=self._shared_secret)
        request.headers["Authorization"] = f"JWT {token}"
        return request


class BearerAuth(AuthBase):
    """Adds a user's access token to a request to one tenant."""

    def __init__(self, access_token: str, base_url: str) -> None:
        self._access_token = access_token
        self._base_url = base_url

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        check_prepared(request.url or "", self._base_url)
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request
