"""The pooled HTTP session for all calls to all tenants."""

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

_POOL_SIZE = 20


class _Session(requests.Session):
    """Ignores redirects, which requests would parse even without following them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def new_session() -> requests.Session:
    """Return a pooled session for all tenants that stores no cookies.

    One tenant's cookie must never be sent with a call to another.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
