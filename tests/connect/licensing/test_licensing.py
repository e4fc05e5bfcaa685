"""``license_required`` and ``current_license``: access and error pages."""

from typing import Any

import pytest
import responses
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.connect import (
    admin_required,
    context_jwt_required,
    current_license,
    jwt_required,
    license_required,
)
from app.connect.licensing.state import get_licensing
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import assert_signed
from tests.connect.outbound.scopes import enable_licensing

ADDON = f"{signing.SITE}/rest/atlassian-connect/1/addons/{signing.APP_KEY}"
PAGE = {"Accept": "text/html"}
ACTIVE = {"active": True, "type": "COMMERCIAL", "evaluation": False}
EXPIRED = {"active": False, "type": "COMMERCIAL", "evaluation": False}
ADMINISTERS = [{"operation": "administer", "targetType": "application"}]
TEMPLATE = "{{ current_license.active }} {{ current_license.evaluation }}"


def body(license_: dict[str, Any] | None) -> dict[str, Any]:
    return {"key": signing.APP_KEY, **({"license": license_} if license_ else {})}


def add_pages(app: Flask) -> None:
    def page() -> str:
        return "the page"

    def unlicensed() -> str:
        return render_template_string(TEMPLATE)

    def answer() -> dict[str, Any]:
        return {"entitlement": current_license.entitlement_number}

    app.add_url_rule("/paid", view_func=jwt_required(license_required(page)))
    app.add_url_rule("/banner", view_func=jwt_required(unlicensed))
    either = {"/license-first": license_required(admin_required(page))}
    either["/permission-first"] = admin_required(license_required(page))
    for path, both in either.items():
        app.add_url_rule(path, path, view_func=jwt_required(both))
    view = context_jwt_required(license_required(answer))
    app.add_url_rule("/api/paid", view_func=view)


@pytest.fixture
def policy() -> str:
    return "block"


@pytest.fixture
def config(config: dict[str, Any], policy: str) -> dict[str, Any]:
    """The settings of an app with one of the license policies."""
    return {**config, "CONNECT_LICENSE_POLICY": policy}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with pages for which a license is required."""
    add_pages(app)
    return app


def ask(client: FlaskClient, path: str = "/paid", **headers: str) -> TestResponse:
    token = signing.host_token("GET", path)
    if path.startswith("/api/"):
        token = signing.context_token()
    return client.get(path, headers={**signing.authorization(token), **headers})


@pytest.mark.parametrize(
    "license_",
    [
        pytest.param(ACTIVE, id="active"),
        pytest.param({**ACTIVE, "evaluation": True}, id="evaluation"),
        pytest.param(None, id="free app"),
    ],
)
def test_an_active_license_or_a_free_app_is_let_in(
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    license_: dict[str, Any] | None,
) -> None:
    network.get(ADDON, json=body(license_))
    assert ask(client).text == "the page"
    assert_signed(network.calls[0].request)


@pytest.mark.parametrize("answer", [body(None), {**body(None), "license": None}])
def test_a_paid_app_without_a_license_is_refused(
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    answer: dict[str, Any],
) -> None:
    enable_licensing(app)
    network.get(ADDON, json=answer)
    assert ask(client).status_code == 402
    with app.app_context():
        get_licensing().licenses.keep(tenant, {"key": "old", "active": None})
    # An answer that an older release stored.
    assert ask(client).status_code == 402


@pytest.mark.parametrize("policy", ["block"])
@pytest.mark.parametrize("status", [201, 302])
def test_only_a_200_opens_the_page(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock, status: int
) -> None:
    network.get(ADDON, status=status, json=body(ACTIVE))
    assert ask(client).status_code == 502


def test_a_browser_without_a_license_gets_a_402_page(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json=body(EXPIRED))
    answer = ask(client, **PAGE)
    assert answer.status_code == 402
    assert "<h1>This app has no license</h1>" in answer.text
    assert "subscription" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors https://example.atlassian.net" in policy


def test_an_evaluation_that_is_over_is_named(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json=body({**EXPIRED, "evaluation": True}))
    assert "evaluation" in ask(client, **PAGE).text


def test_a_script_without_a_license_gets_402_as_json(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json=body(EXPIRED))
    answer = ask(client, "/api/paid")
    assert (answer.status_code, answer.json) == (402, {"error": "license_required"})


def test_the_page_of_the_author_is_shown_instead(
    app: Flask,
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    tmp_path: Any,
) -> None:
    (tmp_path / "connect").mkdir()
    (tmp_path / "connect" / "no_license.html").write_text("Mine: {{ evaluation }}")
    network.get(ADDON, json=body(EXPIRED))
    assert app.jinja_loader is not None
    app.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[attr-defined]  # Flask's own loader has one.
    assert ask(client, **PAGE).text == "Mine: False"


@pytest.mark.parametrize("lic", ["active", "none"])
@pytest.mark.parametrize(("license_", "status"), [(ACTIVE, 200), (EXPIRED, 402)])
def test_the_lic_of_the_url_decides_nothing(
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    lic: str,
    license_: dict[str, Any],
    status: int,
) -> None:
    network.get(ADDON, json=body(license_))
    assert ask(client, f"/paid?lic={lic}").status_code == status


def test_an_unverified_request_does_not_ask_for_a_license(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    assert client.get("/paid").status_code == 401
    assert len(network.calls) == 0


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 404}, {"json": []}])
def test_an_unknown_license_is_answered_502(
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    failure: dict[str, Any],
) -> None:
    network.get(ADDON, **failure)
    assert ask(client).status_code == 502


@pytest.mark.parametrize("policy", ["warn"])
@pytest.mark.parametrize("answer", [{"json": body(EXPIRED)}, {"status": 500}])
def test_policy_warn_lets_in_and_logs(
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
    answer: dict[str, Any],
) -> None:
    network.get(ADDON, **answer)
    assert ask(client).text == "the page"
    [record] = [r for r in caplog.records if r.name.startswith("app.connect.licensing")]
    assert record.levelname == "WARNING"
    assert signing.CLIENT_KEY in record.message


@pytest.mark.parametrize("policy", ["ignore"])
def test_policy_ignore_does_not_ask_the_host(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    assert ask(client).text == "the page"
    assert len(network.calls) == 0


def test_a_template_knows_the_license(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json=body({**ACTIVE, "evaluation": True}))
    assert ask(client, "/banner").text == "True True"
    assert len(network.calls) == 1


def test_a_view_knows_the_entitlement(
    client: FlaskClient, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, json=body({**ACTIVE, "entitlementNumber": "E-1"}))
    assert ask(client, "/api/paid").json == {"entitlement": "E-1"}


def test_a_license_above_its_policy_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="the policy stands above"):
        license_required(jwt_required(lambda: "page"))


@pytest.mark.parametrize("path", ["/license-first", "/permission-first"])
@pytest.mark.parametrize(
    ("license_", "operations", "status"),
    [
        pytest.param(ACTIVE, ADMINISTERS, 200, id="both"),
        pytest.param(EXPIRED, ADMINISTERS, 402, id="no license"),
        pytest.param(ACTIVE, [], 403, id="no permission"),
    ],
)
def test_a_license_and_a_permission_are_both_needed(
    client: FlaskClient,
    tenant: Tenant,
    network: responses.RequestsMock,
    path: str,
    license_: dict[str, Any],
    operations: list[Any],
    status: int,
) -> None:
    network.assert_all_requests_are_fired = False
    network.get(ADDON, json=body(license_))
    network.get(f"{signing.SITE}/rest/api/user", json={"operations": operations})
    assert ask(client, path).status_code == status
