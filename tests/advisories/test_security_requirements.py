"""The checks of Atlassian's scanner (connect-security-req-tester)."""

import json
import re
from typing import Any

import jwt
import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.descriptor.lint import iterate_modules
from app.connect.tenants.models import Tenant
from tests import signing
from tests.advisories.attacks import HOUR, NOW, get, is_untouched, post
from tests.example import HOME
from tests.signing import (
    CLIENT_KEY,
    KEY_SERVER,
    SECOND_KEY_SERVER,
    authorization,
    host_token,
    install_token,
    payload,
)

DESCRIPTOR = json.loads((HOME / "atlassian-connect.json").read_text("utf-8"))


def descriptor_urls() -> list[str]:
    """Return the path of every URL that the descriptor declares."""
    urls = list(DESCRIPTOR["lifecycle"].values())
    urls += [m["url"] for _, _, m in iterate_modules(DESCRIPTOR) if "url" in m]
    return [re.sub(r"\{[^{}]*\}", "x", url) for url in urls if url.startswith("/")]


def callbacks() -> list[str]:
    """Return the paths of the descriptor that the host posts to."""
    webhooks = [webhook["url"] for webhook in DESCRIPTOR["modules"]["webhooks"]]
    return [*DESCRIPTOR["lifecycle"].values(), *webhooks]


def forged(method: str, url: str) -> dict[str, dict[str, str]]:
    """Return the scanner's requests: headers by what is wrong with them."""
    hashed = signing.qsh(method, url)
    claims = {"iss": CLIENT_KEY, "iat": NOW, "exp": NOW + HOUR, "qsh": hashed}
    none = jwt.encode(claims, "", "none")
    return {
        "no-token": {},
        "forged-hs256": authorization(jwt.encode(claims, "x" * 32, "HS256")),
        "alg-none": authorization(none),
        "forged-rs256": authorization(
            install_token(url, key=signing.OTHER_KEY, headers={"kid": "fake-kid"})
        ),
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("url", descriptor_urls())
@pytest.mark.parametrize("kind", forged("GET", "/"))
def test_scanner_1_1_every_url_refuses_a_forged_token(
    client: FlaskClient, tenant: Tenant, method: str, url: str, kind: str
) -> None:
    """Scanner 1.1: a request without a token, with a forged HS256 one or with
    alg none is answered 400 or more."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/fake-kid", status=404)
        answer = client.open(
            url,
            method=method,
            headers=forged(method, url)[kind],
            json=payload(url.strip("/")) if method == "POST" else None,
        )
    served = "POST" if url in callbacks() else "GET"
    assert answer.status_code == (401 if method == served else 405)


@pytest.mark.parametrize("event", ["installed", "uninstalled"])
def test_scanner_1_4_a_wrong_install_key_is_refused(
    app: Flask, client: FlaskClient, tenant: Tenant, event: str
) -> None:
    """Scanner 1.4: an RS256 token by a wrong key (kid fake-kid, aud = our base URL)
    on install and uninstall is answered 400 or more."""
    token = install_token(
        f"/{event}", key=signing.OTHER_KEY, headers={"kid": "fake-kid"}
    )
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/fake-kid", status=404)
        assert post(client, event, token).status_code == 401
    # The same with the kid of a good key, so that its own signature is looked at.
    token = install_token(f"/{event}", key=signing.OTHER_KEY)
    assert post(client, event, token).status_code == 401
    assert is_untouched(app, client)


@pytest.mark.parametrize(
    ("user", "status"),
    [
        pytest.param({"operations": []}, 403, id="no-administrator"),
        pytest.param({}, 403, id="no-operations"),
        pytest.param(
            {"operations": [{"operation": "administer", "targetType": "space"}]},
            403,
            id="of-a-space",
        ),
        pytest.param(
            {"operations": [{"operation": "administer", "targetType": "application"}]},
            200,
            id="administrator",
        ),
    ],
)
def test_scanner_1_2_an_admin_page_is_for_administrators(
    client: FlaskClient, tenant: Tenant, user: dict[str, Any], status: int
) -> None:
    """Scanner 1.2: the token of a user who is no administrator is answered 400 or
    more on admin pages."""
    with responses.RequestsMock() as network:
        network.get(f"{signing.SITE}/rest/api/user", json=user)
        assert get(client, host_token("GET", "/settings"), "/settings") == status


ANSWERED = [*descriptor_urls(), "/", "/atlassian-connect.json", "/api/context"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("url", ANSWERED)
def test_scanner_3_0_and_7_2_headers_are_on_every_answer(
    client: FlaskClient, method: str, url: str
) -> None:
    """Scanner 3.0: HSTS for at least a year; 7.2: a Referrer-Policy that is not
    weak."""
    answer = client.open(url, method=method)
    hsts = answer.headers["Strict-Transport-Security"]
    age = re.fullmatch(r"max-age=([0-9]+); includeSubDomains", hsts)
    assert age is not None
    assert int(age[1]) >= 31_536_000
    policy = answer.headers["Referrer-Policy"].split(",")[0].strip()
    assert policy in ("no-referrer", "same-origin", "strict-origin")


@pytest.mark.parametrize("url", descriptor_urls())
def test_scanner_7_3_no_module_is_cached(
    client: FlaskClient, tenant: Tenant, url: str
) -> None:
    """Scanner 7.3: Cache-Control holds both no-cache and no-store, also on what is
    served; 7.4: no cookies."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        admin = [{"operation": "administer", "targetType": "application"}]
        network.get(f"{signing.SITE}/rest/api/user", json={"operations": admin})
        served = client.get(url, headers=authorization(host_token("GET", url)))
    assert served.status_code == (405 if url in callbacks() else 200)
    for answer in (served, client.get(url)):
        directives = answer.headers["Cache-Control"].replace(" ", "").split(",")
        assert {"no-cache", "no-store"} <= set(directives)
        assert "Set-Cookie" not in answer.headers
