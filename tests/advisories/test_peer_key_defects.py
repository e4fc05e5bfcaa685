"""Defects of other Connect frameworks in install keys, tried here."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from tests import signing
from tests.advisories.attacks import (
    base_url_of,
    is_untouched,
    post,
)
from tests.signing import (
    KEY_ID,
    KEY_SERVER,
    SECOND_KEY_SERVER,
    install_token,
)


def test_every_key_server_is_asked_for_the_key_id(
    config: dict[str, Any], app: Flask
) -> None:
    """ACE's fallback request forgets to append /{kid}."""
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", status=503)
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", body=signing.pem())
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "kid",
    ["../../evil", "..%2f..%2fevil", "a/b", "x?y", "x#y", "@evil.example", "", None, 1],
)
def test_a_key_id_chooses_no_other_url(
    client: FlaskClient, world: responses.RequestsMock, kid: Any
) -> None:
    """ACE puts kid=../../evil into the URL, and fetches /null without one."""
    good = install_token()
    header = {**jwt.get_unverified_header(good), "kid": kid}
    parts = good.split(".")
    parts[0] = base64.urlsafe_b64encode(json.dumps(header).encode()).decode()
    token = ".".join(part.rstrip("=") for part in parts)
    assert post(client, "installed", token).status_code == 401
    assert len(world.calls) == 0


@pytest.mark.parametrize("part", ["jku", "jwk", "x5u", "x5c"])
def test_a_token_brings_no_key_of_its_own(
    client: FlaskClient, world: responses.RequestsMock, part: str
) -> None:
    """RFC 7515 lets a header name its key; a verifier must not."""
    url = "https://evil.example/key"
    public_key = jwt.algorithms.RSAAlgorithm.to_jwk(
        signing.OTHER_KEY.public_key(), as_dict=True
    )
    value = {"jku": url, "x5u": url, "jwk": public_key, "x5c": [url]}[part]
    token = install_token(key=signing.OTHER_KEY, headers={part: value})
    assert post(client, "installed", token).status_code == 401
    asked = [str(call.request.url) for call in world.calls]
    assert all(url.startswith((KEY_SERVER, SECOND_KEY_SERVER)) for url in asked)


def test_an_error_page_is_not_a_key(app: Flask) -> None:
    """ACE takes a 404 page for a key; with HS256 its text would be a secret."""
    page = "<html>not found</html>"
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", status=404, body=page)
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", status=404, body=signing.pem())
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_a_key_server_does_not_send_us_elsewhere(app: Flask) -> None:
    """CVE-2023-28155 (request, ACE before 8.0.0): redirects across protocols."""
    evil = {"Location": "http://169.254.169.254/latest"}
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/{KEY_ID}", status=302, headers=evil)
        answer = post(app.test_client(), "installed", install_token())
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_the_body_chooses_no_key_server(
    client: FlaskClient, world: responses.RequestsMock
) -> None:
    """ACE chooses the key server by the host of the body's base URL, unverified:
    a staging host would bring staging's keys."""
    for base_url in ("https://x.jira-dev.com", "https://x.atlassian-stg-fedm.net"):
        answer = post(client, "installed", install_token(), baseUrl=base_url)
        assert answer.status_code == 401
    assert len(world.calls) == 0


def test_a_key_server_that_hangs_is_not_waited_for(app: Flask) -> None:
    """ACE and others fetch keys without a timeout."""
    with responses.RequestsMock() as network:
        for server in (KEY_SERVER, SECOND_KEY_SERVER):
            network.get(f"{server}/{KEY_ID}", body=requests.ReadTimeout())
        answer = post(app.test_client(), "installed", install_token())
        asked: list[Any] = [call.request for call in network.calls]
        assert all(request.req_kwargs["timeout"] for request in asked)
    assert answer.status_code == 503


def test_the_public_key_is_not_a_shared_secret(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """Algorithm confusion (CVE-2022-29217 in PyJWT, CVE-2015-9235 in jsonwebtoken):
    HS256 by the public key, which everybody has."""

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    for event in ("installed", "uninstalled"):
        good = install_token(f"/{event}")
        header = json.dumps({"alg": "HS256", "typ": "JWT", "kid": KEY_ID}).encode()
        signed = encode(header) + b"." + good.split(".")[1].encode()
        signature = hmac.new(signing.pem(), signed, hashlib.sha256).digest()
        token = (signed + b"." + encode(signature)).decode()
        assert post(client, event, token).status_code == 401
    assert is_untouched(app, client)


def test_a_weak_key_is_not_a_key(app: Flask) -> None:
    """CVE-2022-23541 and its like: keys too short to trust."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    signed = install_token().rpartition(".")[0]
    signature = weak.sign(signed.encode(), PKCS1v15(), SHA256())
    token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with responses.RequestsMock() as network:
        network.get(f"{KEY_SERVER}/{KEY_ID}", body=signing.pem(weak))
        network.get(f"{SECOND_KEY_SERVER}/{KEY_ID}", status=404)
        answer = post(app.test_client(), "installed", token)
    assert answer.status_code == 401
