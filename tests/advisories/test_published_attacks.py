"""Published attacks on Connect frameworks, tried on this one."""

from typing import Any

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient

from app.connect.tenants.models import Tenant
from tests.advisories.attacks import LIFECYCLE, base_url_of, get, is_untouched, post
from tests.signing import (
    APP_KEY,
    BASE_URL,
    CLIENT_KEY,
    MISSING,
    OTHER_SECRET,
    authorization,
    context_token,
    host_token,
    install_token,
)


@pytest.mark.parametrize("event", LIFECYCLE)
@pytest.mark.parametrize("qsh", [MISSING, "context-qsh"], ids=["none", "context"])
def test_a_users_token_does_not_reinstall_the_app(
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    world: responses.RequestsMock,
    event: str,
    qsh: Any,
) -> None:
    """CVE-2021-26073 (ACE), CVE-2021-26074 (ACSB): lifecycle callbacks took a token
    without qsh, which any user gets from AP.context.getToken."""
    evil = {"baseUrl": "https://evil.atlassian.net/wiki"}
    token = host_token("POST", f"/{event}", qsh=qsh)
    assert post(client, event, token, **evil).status_code == 401
    assert is_untouched(app, client)
    # Even Atlassian's own signature needs the hash of this very request.
    token = install_token(f"/{event}", qsh=qsh)
    assert post(client, event, token, **evil).status_code == 401
    assert is_untouched(app, client)


@pytest.mark.parametrize("url", ["/overview", "/settings", "/macros/greeting"])
def test_a_users_token_opens_no_url_of_the_descriptor(
    client: FlaskClient, tenant: Tenant, url: str
) -> None:
    """CVE-2021-26077 (ACSB 2.1.4): the fix of the above was undone by a context
    token that was taken for a URL-bound one; Atlassian's sample app still does."""
    assert get(client, context_token(), url) == 401
    assert get(client, context_token(), "/api/context") == 200


def test_a_stranger_does_not_install_the_app_first(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """Before signed-install, the first install of an unknown client key needed no
    signature, so anyone could be a tenant, or be it before the real one."""
    assert post(client, "installed", None).status_code == 401
    by_the_secret_it_brings = host_token("POST", "/installed")
    assert post(client, "installed", by_the_secret_it_brings).status_code == 401
    assert base_url_of(app) is None
    assert post(client, "installed", install_token()).status_code == 204


def test_an_old_secret_does_not_sign_the_next_install(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """Before signed-install, a later install was signed with the previous secret:
    who once had a secret kept the tenant."""
    token = host_token("POST", "/installed")
    answer = post(client, "installed", token, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_an_unsigned_reinstall_of_a_known_tenant_is_refused(
    app: Flask, client: FlaskClient, tenant: Tenant
) -> None:
    """allow-reinstall-missing-host (ACSB) and AC_OPTS=force-reg (ACE) took them."""
    answer = post(client, "installed", None, sharedSecret=OTHER_SECRET)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_a_token_with_a_changed_body_can_only_speak_for_its_tenant(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """The token does not cover the body (protocol; Play and others never compare):
    a tenant's own signed install must not overwrite another tenant."""
    own = install_token(iss="attacker")
    evil = {"baseUrl": "https://evil.atlassian.net/wiki", "sharedSecret": OTHER_SECRET}
    answer = post(client, "installed", own, clientKey=CLIENT_KEY, **evil)
    assert answer.status_code == 401
    assert is_untouched(app, client)
    gone = install_token("/uninstalled", iss="attacker")
    answer = post(client, "uninstalled", gone, clientKey=CLIENT_KEY)
    assert answer.status_code == 401
    assert is_untouched(app, client)


def test_the_host_of_the_base_url_must_be_atlassians(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """The base URL stands in the body, which is not signed: calls with tokens would
    go wherever it says (halkeye even fetches it before any check)."""
    answer = post(client, "installed", install_token(), baseUrl="https://evil.example")
    assert answer.status_code == 401
    assert base_url_of(app) is None
    assert len(world.calls) == 0


def test_an_app_for_one_does_not_take_the_install_of_another(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """ACE never compares the body's key: two apps behind one base URL mix up."""
    answer = post(client, "installed", install_token(), key="com.example.another")
    assert answer.status_code == 401
    assert base_url_of(app) is None


def test_the_audience_is_compared_and_not_searched(
    app: Flask, client: FlaskClient, world: responses.RequestsMock
) -> None:
    """A substring match, or one that looks at aud[0] only (ACE), or at its head
    (Play), lets the install of another app in, or a right one out."""
    for aud in (
        f"{BASE_URL}.evil.example",
        f"https://evil.example/{BASE_URL}",
        [f"{BASE_URL}-2.example.com"],
        f"https://evil.example,{BASE_URL}",
    ):
        assert post(client, "installed", install_token(aud=aud)).status_code == 401
    assert base_url_of(app) is None
    both = install_token(aud=["https://other.example", BASE_URL])
    assert post(client, "installed", both).status_code == 204


def test_a_session_token_of_the_app_is_no_host_token(
    client: FlaskClient, tenant: Tenant
) -> None:
    """ACE's session tokens (iss = app key, aud = client key, no qsh) choose the
    tenant by aud[0], and checkValidToken takes any of three kinds on any path."""
    for claims in (
        {"iss": APP_KEY, "aud": [CLIENT_KEY], "qsh": MISSING},
        {"iss": APP_KEY, "aud": [CLIENT_KEY]},
        {"iss": APP_KEY, "aud": [CLIENT_KEY], "qsh": "context-qsh"},
        {"iss": MISSING, "aud": [CLIENT_KEY]},
    ):
        for url in ("/overview", "/api/context"):
            assert get(client, host_token("GET", url, **claims), url) == 401
            headers = {"X-acpt": host_token("GET", url, **claims)}
            assert client.get(url, headers=headers).status_code == 401
            query = {"acpt": headers["X-acpt"]}
            assert client.get(url, query_string=query).status_code == 401


def test_the_tenant_is_the_issuer_whatever_the_audience_says(
    app: Flask, client: FlaskClient, tenant: Tenant, world: responses.RequestsMock
) -> None:
    """ACE looks the tenant up by aud[0] where there is one."""
    own = {"clientKey": "attacker", "sharedSecret": OTHER_SECRET}
    token = install_token(iss="attacker")
    assert post(client, "installed", token, **own).status_code == 204
    token = context_token(iss="attacker", aud=[CLIENT_KEY], secret=OTHER_SECRET)
    answer = client.get("/api/context", headers=authorization(token))
    assert answer.json is not None
    assert answer.json["clientKey"] == "attacker"


def test_a_token_that_the_app_sent_is_not_taken_back(
    client: FlaskClient, tenant: Tenant
) -> None:
    """Host and app share one secret: what the app signs for a call to the host must
    not open the app (reflection)."""
    for url in ("/overview", "/api/context", "/enabled"):
        token = host_token("GET", url, iss=APP_KEY, aud=CLIENT_KEY, sub=MISSING)
        assert client.get(url, headers=authorization(token)).status_code in (401, 405)
