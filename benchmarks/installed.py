"""``python -m benchmarks.installed``: what a verified, stored install costs.

In one process, without a server. The floor is what nobody can leave out: the check of
one RS256 signature, and one committed upsert of a row with the same columns in the same
database. Both take turns, round by round.
"""

import argparse
import io
import json
import logging
import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import jwt
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import Column, MetaData, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.test import run_wsgi_app

from app.connect.protocol.tokens import verify_install
from app.connect.protocol.unverified_token import read_unverified_token
from app.extensions import db
from tests import signing
from tests.example import create_app

ROUNDS = 15
TARGET = 4

floor_table = Table(
    "benchmark_floor",
    MetaData(),
    Column("client_key", String(255), primary_key=True),
    Column("base_url", String(255)),
    Column("shared_secret", Text),
)
Call = Callable[[], None]


def main() -> int:
    """Measure, print a table, and return 0 whatever the times are."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.installed", description=__doc__
    )
    parser.add_argument("--installs", type=int, default=200, help="per round (200)")
    parser.add_argument("--database", help="an empty database, if not a SQLite file")
    options = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        app = _app(options.database or f"sqlite:///{Path(folder) / 'app.sqlite3'}")
        with app.app_context():
            db.create_all()
            with db.engine.begin() as connection:
                floor_table.create(connection)
            try:
                _measure(app, options.installs)
            finally:
                with db.engine.begin() as connection:
                    floor_table.drop(connection)
                db.drop_all()
                db.engine.dispose()
    return 0


def _app(database: str) -> Flask:
    app = create_app(
        {
            "SECRET_KEY": secrets.token_urlsafe(32),
            "CONNECT_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "CONNECT_BASE_URL": signing.BASE_URL,
            "DATABASE_URL": database,
        }
    )
    # The key is at hand, as in every worker that has verified an install before.
    keys = app.extensions["connect.inbound"].install_keys
    keys._remember_good(
        signing.KEY_ID, signing.INSTALL_KEY.public_key(), time.monotonic() + 86_400
    )
    return app


def _measure(app: Flask, installs: int) -> None:
    sites = [str(uuid.uuid4()) for _ in range(installs)]
    kinds = ("floor", "first install", "upgrade", "secret rotation")
    spent: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        new = [str(uuid.uuid4()) for _ in range(installs)]
        secret = "ATCO" + secrets.token_urlsafe(96)
        calls = {
            "floor": [_floor(site) for site in sites],
            "first install": [_install(app, site, secret) for site in new],
            "upgrade": [_install(app, site, secret) for site in new],
            "secret rotation": [_install(app, site, secret + "x") for site in new],
        }
        for kind, own in calls.items():
            spent[kind].append(_time(own))
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
    print(f"{app.config['DATABASE_URL'].partition(':')[0]}, {installs} per round\n")
    print("| | µs CPU | of the floor | µs | of the floor |\n|---|--:|--:|--:|--:|")
    for kind, measured in spent.items():
        cells = []
        for column in range(2):
            times = [each[column] for each in measured]
            floors = [each[column] for each in spent["floor"]]
            ratios = [a / b for a, b in zip(times, floors, strict=True)]
            cells += [f"{median(times):.0f}", f"{median(ratios):.2f}"]
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"\nTarget: {TARGET} times the floor")


def _time(calls: list[Call]) -> tuple[float, float]:
    """Return CPU and elapsed time of a call, in microseconds."""
    cpu, clock = time.process_time(), time.perf_counter()
    for call in calls:
        call()
    spent = time.process_time() - cpu, time.perf_counter() - clock
    return spent[0] / len(calls) * 1e6, spent[1] / len(calls) * 1e6


def _floor(client_key: str) -> Call:
    token = read_unverified_token(_token(client_key))
    key = signing.INSTALL_KEY.public_key()
    values = {
        "client_key": client_key,
        "base_url": signing.SITE,
        "shared_secret": secrets.token_urlsafe(200),
    }

    statement = _floor_statement(db.engine.dialect.name)

    def call() -> None:
        verify_install(token, key)
        with db.engine.begin() as connection:
            connection.execute(statement, values)

    return call


@cache
def _floor_statement(dialect: str) -> Any:
    module = sqlite if dialect == "sqlite" else postgresql
    new = module.insert(floor_table)
    changed = {name: new.excluded[name] for name in ("base_url", "shared_secret")}
    return new.on_conflict_do_update(index_elements=["client_key"], set_=changed)


def _install(app: Flask, client_key: str, secret: str) -> Call:
    fields = {"clientKey": client_key, "sharedSecret": secret, "cloudId": client_key}
    body = json.dumps(signing.payload(**fields)).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/installed",
        "QUERY_STRING": "",
        "SERVER_NAME": "app.example.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"JWT {_token(client_key)}",
        "wsgi.url_scheme": "https",
        "wsgi.errors": sys.stderr,
    }

    def call() -> None:
        request = {**environ, "wsgi.input": io.BytesIO(body)}
        _, status, _ = run_wsgi_app(app.wsgi_app, request)
        if not status.startswith("204"):
            raise RuntimeError(f"an install was answered {status}")

    return call


def _token(client_key: str) -> str:
    now = int(time.time())
    claims = {
        "iss": client_key,
        "sub": client_key,
        "aud": [signing.BASE_URL],
        "iat": now,
        "exp": now + 3600,
        "qsh": signing.qsh("POST", "/installed"),
    }
    headers = {"kid": signing.KEY_ID}
    return jwt.encode(claims, signing.INSTALL_KEY, "RS256", headers=headers)


if __name__ == "__main__":
    sys.exit(main())
