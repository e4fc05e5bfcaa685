"""How many proxies are believed: TRUSTED_PROXIES."""

from typing import Any

import pytest
from flask import request

from tests.example import create_app

FORWARDED = {
    "X-Forwarded-For": "192.0.2.1, 198.51.100.2, 203.0.113.3",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
}


@pytest.mark.parametrize(
    ("proxies", "address"),
    [
        ("0", "127.0.0.1"),
        ("1", "203.0.113.3"),
        ("2", "198.51.100.2"),
        ("3", "192.0.2.1"),
        # Fewer entries than proxies: somebody called the app directly.
        ("4", "127.0.0.1"),
    ],
)
def test_as_many_proxies_are_believed_as_there_are(
    config: dict[str, Any], proxies: str, address: str
) -> None:
    app = create_app(config | {"TRUSTED_PROXIES": proxies})
    seen = []

    @app.before_request
    def note() -> None:
        seen.append((request.remote_addr, request.script_root, "evil" in request.host))

    app.test_client().get("/healthz", headers=FORWARDED)
    assert seen == [(address, "", False)]
