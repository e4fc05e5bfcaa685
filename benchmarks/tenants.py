"""The benchmark's tenants, and signed iframe URLs for them."""

import secrets
import sqlite3
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jwt
from atlassian_jwt.url_utils import hash_url
from cryptography.fernet import Fernet

from app.connect.tenants.lifecycle_payload import Installation
from app.extensions import db
from tests.example import create_app
from tests.signing import APP_KEY

LIFETIME = 3600
"""The lifetime of a token in seconds: longer than any benchmark takes."""


class Site(NamedTuple):
    """A tenant as its host knows it."""

    client_key: str
    secret: str
    origin: str


class Visit(NamedTuple):
    """A request target with its token, and the tenant and user that the token names."""

    target: str
    client_key: str
    account_id: str


@dataclass(frozen=True)
class Corpus:
    """The servers' settings, and the requests that they get."""

    environment: dict[str, str]
    one_each: list[Visit]
    """One visit for every tenant."""
    visits: list[Visit]
    """The visits that are measured, each to a different URL."""
    forgeries: dict[str, str]
    """Targets that must be refused, by what is wrong with each."""


def make_corpus(folder: Path, *, tenants: int, visits: int) -> Corpus:
    """Install *tenants* in a new database below *folder* and sign URLs for them."""
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CONNECT_BASE_URL": "https://app.example.com",
        "DATABASE_URL": f"sqlite:///{folder / 'tenants.sqlite3'}",
        # Every tenant stays cached while the servers take turns.
        "CONNECT_TENANT_CACHE_SECONDS": "86400",
    }
    sites = [new_site(number) for number in range(tenants)]
    install(environment, sites)
    _install_for_recipe(folder / "tenants.sqlite3", sites)
    # With a prime step, the order of the tenants does not favour a cache.
    order = (sites[number * 7919 % tenants] for number in range(visits))
    return Corpus(
        environment,
        one_each=[_visit(site, number) for number, site in enumerate(sites)],
        visits=[_visit(site, tenants + number) for number, site in enumerate(order)],
        forgeries=_forgeries(sites[0]),
    )


def new_site(number: int) -> Site:
    # Atlassian's shared secrets are opaque, longer than 64 bytes and ASCII.
    secret = "ATCO" + secrets.token_urlsafe(96)
    return Site(str(uuid.uuid4()), secret, f"https://site-{number}.atlassian.net")


def install(environment: dict[str, str], sites: list[Site]) -> None:
    app = create_app(environment)
    with app.app_context():
        db.create_all()
        for client_key, secret, origin in sites:
            installation = Installation(
                client_key=client_key,
                key=APP_KEY,
                event_type="installed",
                shared_secret=secret,
                base_url=f"{origin}/wiki",
            )
            store = app.extensions["connect"].tenants
            store.install(installation, issued_at=time.time())
        db.engine.dispose()


def _install_for_recipe(database: Path, sites: list[Site]) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TABLE benchmark_client (id INTEGER PRIMARY KEY,"
            " client_key VARCHAR NOT NULL UNIQUE, shared_secret VARCHAR NOT NULL,"
            " base_url VARCHAR NOT NULL)"
        )
        connection.executemany(
            "INSERT INTO benchmark_client VALUES (NULL,?,?,?)", sites
        )
    connection.close()


def _visit(site: Site, number: int) -> Visit:
    target, claims = _iframe_url(site, number), _claims(site, number)
    claims["qsh"] = hash_url("GET", target)
    token = jwt.encode(claims, site.secret, "HS256")
    return Visit(f"{target}&jwt={token}", site.client_key, claims["sub"])


def _iframe_url(site: Site, number: int) -> str:
    """Return the URL that Confluence loads a module's page from, without a token."""
    return (
        f"/benchmark?page={98421 + number}&xdm_e={quote(site.origin, safe='')}"
        f"&xdm_c=channel-{APP_KEY}__overview{number}&cp=%2Fwiki"
        f"&xdm_deprecated_addon_key_do_not_use={APP_KEY}&lic=none&cv=1001.0.0"
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


def _forgeries(site: Site) -> dict[str, str]:
    """Return targets that each differ in one thing from an accepted one."""
    target, now = _iframe_url(site, 0), int(time.time())
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
