"""Signatures: tokens as the host signs them, or with one fault each."""

import time
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import jwt

from devhost.modules.module import Module
from devhost.modules.places import Place, context_claim, find_place
from devhost.site import Site
from devhost.testing.confluence import get_user
from devhost.testing.installed_app import InstalledApp
from devhost.tokens import signing

SAFE_IN_PATH = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True)
class Signature:
    """The way a request is signed: as the host does, except for the changes."""

    installed_app: InstalledApp
    is_context_jwt: bool = False
    site: Site | None = None
    user: str | None = None
    content_id: str | None = None
    context: dict[str, Any] | None = None
    signed_request: tuple[str, str] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)

    def changed(self, **changes: Any) -> Self:
        """Return a signature with these fields changed, except those that are None."""
        given = {name: value for name, value in changes.items() if value is not None}
        return replace(self, **given)

    def token(self, method: str, target: str) -> str:
        """Return a token for *method* and *target*, the path and query as sent."""
        site = self.site or self.installed_app.confluence.site
        app = self.installed_app.installation(site)
        user = site.user if self.user is None else get_user(self.user)
        context = self._context(site)
        if self.is_context_jwt:
            token = signing.context_token(app, user=user, context=context)
        else:
            method, target = self.signed_request or (method, target)
            token = signing.url_token(app, method, target, user=user, context=context)
        return self._altered(token, app.shared_secret)

    def _context(self, site: Site) -> dict[str, Any]:
        if self.context is not None:
            return self.context
        # Without a module of the app: the place is enough.
        module = Module(self.installed_app.installation(site), "", {})
        content = self.content_id
        place = Place(module) if content is None else find_place(site, module, content)
        return context_claim(site, place)

    def _altered(self, token: str, secret: str) -> str:
        if not self.claims and self.secret is None:
            return token
        claims = jwt.decode(token, options={"verify_signature": False}) | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.secret or secret, algorithm="HS256")


def expired_claims() -> dict[str, int]:
    """Return the claims of a token that expired an hour ago."""
    now = int(time.time())
    return {"iat": now - 7200, "exp": now - 3600}


def target_of(path: str, query: Any = None) -> str:
    """Return path and query as they are sent, encoded.

    :raises ValueError: if *path* is not a path of the app.
    """
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/"):
        raise ValueError(f"write a path of the app such as /overview, not {path!r}")
    encoded = quote(parts.path, safe=SAFE_IN_PATH)
    pairs = [quote(parts.query, safe=SAFE_IN_PATH + "?")] if parts.query else []
    if query:
        pairs.append(query if isinstance(query, str) else urlencode(query, doseq=True))
    return f"{encoded}?{'&'.join(pairs)}" if pairs else encoded


def signed_url(signature: Signature, path: str) -> str:
    """Return the absolute URL of *path*, signed for one GET by an iframe."""
    target = target_of(path)
    token = signature.token("GET", target)
    separator = "&" if "?" in target else "?"
    return f"{signature.installed_app.base_url}{target}{separator}jwt={token}"
