"""A Flask test client that signs like the host."""

from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from devhost.site import Site
from devhost.testing.signatures import Signature, expired_claims, target_of


class SignedClient(FlaskClient):
    """Sends every request with a token made for it.

    By default the token is URL-bound and names the current user of the site. The
    methods return a client that signs differently, for one request or many::

        signed_client.with_context_jwt().get("/api/context")
        signed_client.expired().get("/overview")
    """

    def __init__(self, application: Flask, signature: Signature) -> None:
        super().__init__(application, application.response_class)
        self._signature: Signature | None = signature
        self._base = signature

    def with_context_jwt(self) -> Self:
        """Sign as ``AP.context.getToken`` does for a page of the app."""
        return self._changed(is_context_jwt=True)

    def as_user(self, name: str) -> Self:
        """Sign for ``admin``, ``space-admin``, ``user`` or ``anonymous``."""
        return self._changed(user=name)

    def on_content(self, content_id: str) -> Self:
        """Put a content of the wiki in the ``context`` claim."""
        return self._changed(content_id=content_id)

    def with_context(self, context: dict[str, Any]) -> Self:
        """Sign with this ``context`` claim."""
        return self._changed(context=context)

    def on_site(self, site: Site) -> Self:
        """Sign as another site, that is, as another tenant."""
        return self._changed(site=site)

    def expired(self) -> Self:
        """Sign with a token that expired an hour ago."""
        return self.with_claims(**expired_claims())

    def signed_for(self, path: str, method: str = "GET") -> Self:
        """Sign for a different request from the one that is sent: its qsh is wrong."""
        return self._changed(signed_request=(method, target_of(path)))

    def with_secret(self, secret: str) -> Self:
        """Sign with a secret that is not the tenant's."""
        return self._changed(secret=secret)

    def with_claims(self, **claims: Any) -> Self:
        """Sign with these claims changed; None removes a claim."""
        return self._changed(claims={**self._base.claims, **claims})

    def unsigned(self) -> Self:
        """Send no token."""
        client = self._changed()
        client._signature = None
        return client

    def open(self, path: Any, **options: Any) -> TestResponse:  # type: ignore[override]  # Only a path can be signed.
        """Send a request for *path*, with the options of ``FlaskClient.open``."""
        if not isinstance(path, str):
            # A redirect that is followed; it is not signed in a browser either.
            return super().open(path, **options)
        target = target_of(path, options.pop("query_string", None))
        options.setdefault("base_url", self._base.installed_app.base_url)
        if self._signature is not None:
            method = str(options.get("method", "GET"))
            token = self._signature.token(method, target)
            headers = dict(options.pop("headers", None) or {})
            options["headers"] = {"Authorization": f"JWT {token}", **headers}
        return super().open(target, **options)

    def _changed(self, **changes: Any) -> Self:
        return type(self)(self.application, self._base.changed(**changes))
