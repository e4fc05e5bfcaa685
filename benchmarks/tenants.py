"""The benchmark's tenants, and requests that their hosts have signed."""

import secrets
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jwt
from atlassian_jwt.url_utils import hash_url
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, update

from app.connect.db.columns import utc_now
from app.connect.db.encryption import SecretCipher
from app.connect.tenants.lifecycle_payload import Installation
from app.connect.tenants.rows import record
from app.extensions import db
from tests.signing import APP_KEY

LIFETIME = 7200
"""The lifetime of a token in seconds: longer than any benchmark takes."""


class Site(NamedTuple):
    """A tenant as its host knows it."""

    client_key: str
    secret: str
    origin: str


class Request(NamedTuple):
    """A request target, its token if that is in the header, and the right answer."""

    target: str
    token: str
    client_key: str
    account_id: str


def new_environment(database_url: str) -> dict[str, str]:
    """Return the settings of an app with new secrets."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "DATABASE_URL": database_url,
        # Else a server's tenants would expire while the others are measured.
        "CONNECT_TENANT_CACHE_SECONDS": "3600",
    }


def new_site(number: int) -> Site:
    # Atlassian's shared secrets are opaque, longer than 64 bytes and ASCII.
    secret = "ATCO" + secrets.token_urlsafe(96)
    return Site(str(uuid.uuid4()), secret, f"https://site-{number}.atlassian.net")


def install(environment: dict[str, str], sites: list[Site]) -> None:
    """Install the first site as its host does, and store the others like it."""
    # Not at the top: importing it registers handlers beside those of app.pages.
    from tests.example import create_app

    app = create_app(environment)
    cipher = SecretCipher(app.config["CONNECT_ENCRYPTION_KEYS"])
    with app.app_context():
        db.create_all()
        client_key, secret, origin = sites[0]
        installation = Installation(
            client_key=client_key,
            key=APP_KEY,
            event_type="installed",
            shared_secret=secret,
            base_url=f"{origin}/wiki",
        )
        store = app.extensions["connect"].tenants
        store.install(installation, issued_at=time.time())
        with db.engine.begin() as connection:
            # As after a tenant's first request, which the servers then need not store.
            seen = {"secret_used_at": utc_now(), "last_seen_at": utc_now()}
            connection.execute(update(record).values(seen))
            row = connection.execute(select(record)).mappings().one()
            common = {name: value for name, value in row.items() if name != "id"}
            others = [
                {
                    **common,
                    "client_key": client_key,
                    "base_url": f"{origin}/wiki",
                    "display_url": f"{origin}/wiki",
                    "shared_secret": cipher.encrypt(secret),
                }
                for client_key, secret, origin in sites[1:]
            ]
            if others:
                connection.execute(insert(record), others)
        db.engine.dispose()


def add_cold_tenants(environment: dict[str, str], number: int) -> None:
    """Copy the first tenant *number* times, under other client keys, in SQLite."""
    copied = [
        column.name
        for column in record.columns
        if column.name not in ("id", "client_key")
    ]
    names = ", ".join(copied)
    count = f"SELECT 1 UNION ALL SELECT n + 1 FROM cold WHERE n < {number:d}"  # noqa: S608 - a number
    numbers = f"WITH RECURSIVE cold(n) AS ({count})"
    copies = f"SELECT 'cold-' || n, {names} FROM tenant, cold WHERE tenant.id = 1"  # noqa: S608 - the names of columns
    copy = f"{numbers} INSERT INTO tenant (client_key, {names}) {copies}"  # noqa: S608 - both from above
    from tests.example import create_app

    app = create_app(environment)
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(db.text(copy))
        db.engine.dispose()


def by_header(site: Site, number: int) -> Request:
    """Return a page's call of its own endpoint, with a context JWT in the header."""
    claims = {**_claims(site, number), "qsh": "context-qsh"}
    token = jwt.encode(claims, site.secret, "HS256")
    return Request("/benchmark/context", token, site.client_key, claims["sub"])


def by_url(path: str, site: Site, number: int) -> Request:
    """Return the load of an iframe: a URL of six parameters, with its token."""
    target, claims = _iframe_url(path, site, number), _claims(site, number)
    claims["qsh"] = hash_url("GET", target)
    token = jwt.encode(claims, site.secret, "HS256")
    return Request(f"{target}&jwt={token}", "", site.client_key, claims["sub"])


def write_requests(file: Path, requests: list[Request]) -> Path:
    """Write *requests* for ``wrk.lua``; return the file."""
    file.write_text("".join(f"{r.target}\t{r.token}\n" for r in requests))
    return file


def _iframe_url(path: str, site: Site, number: int) -> str:
    """Return the URL that Confluence loads a module's page from, without a token."""
    return (
        f"{path}?page={98421 + number}&xdm_e={quote(site.origin, safe='')}"
        f"&xdm_c=channel-{APP_KEY}__overview{number}&cp=%2Fwiki"
        f"&lic=none&cv=1001.0.0"
    )


def _claims(site: Site, number: int) -> dict[str, Any]:
    now = int(time.time())
    content = {"id": str(98421 + number), "type": "page", "version": "3"}
    return {
        "iss": site.client_key,
        "sub": f"557058:{uuid.uuid4()}",
        "iat": now,
        "exp": now + LIFETIME,
        "context": {
            "confluence": {"content": content, "space": {"id": "65538", "key": "DS"}},
            "license": {"active": True},
            "url": {"displayUrl": f"{site.origin}/wiki"},
        },
    }


def forgeries(site: Site) -> dict[str, str]:
    """Return targets that each differ in one thing from an accepted one."""
    target, now = _iframe_url("/benchmark", site, 0), int(time.time())
    claims = {**_claims(site, 0), "qsh": hash_url("GET", target)}
    stale = {**claims, "iat": now - 7200, "exp": now - 3600}
    secret, stranger = site.secret, secrets.token_urlsafe(96)
    return {
        "signed with another secret": f"{target}&jwt={jwt.encode(claims, stranger)}",
        "signed for another URL": f"{target}&more=1&jwt={jwt.encode(claims, secret)}",
        "signed with HS512": f"{target}&jwt={jwt.encode(claims, secret, 'HS512')}",
        "expired": f"{target}&jwt={jwt.encode(stale, secret)}",
        "without a token": target,
    }
