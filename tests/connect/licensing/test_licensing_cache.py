"""The license cache: stale-while-revalidate, and the grace period."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses
from flask import Flask, request
from sqlalchemy import select, update

from app.connect import acting_for, current_license
from app.connect.db.columns import utc_now
from app.connect.errors import HostError, HostResponseError
from app.connect.licensing.loader import (
    ASK_AGAIN,
    REFRESH,
    _secret_for,
    load_license,
)
from app.connect.licensing.state import get_licensing
from app.connect.licensing.store import record
from app.connect.outbound.license import License
from app.connect.tenants.current import VerifiedRequest, set_verified_request
from app.connect.tenants.models import Tenant
from app.extensions import db
from tests.connect.conftest import Told
from tests.connect.licensing.test_licensing import ACTIVE, ADDON, EXPIRED, body
from tests.signing import SECRET

Age = Callable[..., None]
STALE = 301
GRACE = 259_200
MOMENT = timedelta(microseconds=1)


def kept() -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(select(record)))


@pytest.fixture
def age(app_context: None, tenant: Tenant, network: responses.RequestsMock) -> Age:
    """Store an answer from some seconds ago; *asked* is the age of the last refresh."""

    def answer_ago(
        seconds: float, license_: dict[str, Any] = ACTIVE, asked: float | None = None
    ) -> None:
        network.get(ADDON, json=body(license_))
        load_license(tenant)
        then = utc_now() - timedelta(seconds=seconds)
        since = then if asked is None else utc_now() - timedelta(seconds=asked)
        with db.engine.begin() as connection:
            values = {"answered_at": then, "asked_at": since}
            connection.execute(update(record).values(values))
        network.reset()

    return answer_ago


def test_a_fresh_answer_serves(tenant: Tenant, age: Age, told: Told) -> None:
    age(200)
    assert load_license(tenant).active is True
    assert told() == []


def test_a_stale_answer_is_served_while_one_task_refreshes_it(
    tenant: Tenant, age: Age, network: responses.RequestsMock, told: Told
) -> None:
    age(STALE)
    assert load_license(tenant).active is True
    assert load_license(tenant).active is True
    assert told() == [(REFRESH, [tenant.client_key])]
    assert len(network.calls) == 0


def test_the_task_brings_the_new_answer(
    app: Flask, tenant: Tenant, age: Age, network: responses.RequestsMock
) -> None:
    age(STALE)
    network.get(ADDON, json=body(EXPIRED))
    app.extensions["celery"].tasks[REFRESH](tenant.client_key)
    assert load_license(tenant).active is False
    assert len(network.calls) == 1


def test_a_task_that_fails_leaves_the_old_answer(
    app: Flask,
    tenant: Tenant,
    age: Age,
    network: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    age(STALE)
    network.get(ADDON, status=500)
    app.extensions["celery"].tasks[REFRESH](tenant.client_key)
    assert kept()[0].answer["active"] is True
    assert "license not refreshed" in caplog.text


@pytest.mark.parametrize("state", ["unknown", "uninstalled", "disabled"])
def test_a_task_does_not_ask_for_an_uninstalled_tenant(
    app: Flask,
    app_context: None,
    tenant: Tenant,
    network: responses.RequestsMock,
    state: str,
) -> None:
    tenants, later = app.extensions["connect"].tenants, utc_now().timestamp() + 60
    client_key = tenant.client_key
    if state == "uninstalled":
        tenants.uninstall(client_key, issued_at=later)
    elif state == "disabled":
        tenants.set_enabled(client_key, enabled=False, issued_at=later)
    else:
        client_key = "unknown"
    app.extensions["celery"].tasks[REFRESH](client_key)
    assert len(network.calls) == 0


def test_a_refresh_that_no_task_finished_is_done_in_the_request(
    tenant: Tenant, age: Age, network: responses.RequestsMock, told: Told
) -> None:
    age(STALE, asked=61)
    network.get(ADDON, json=body(EXPIRED))
    assert load_license(tenant).active is False
    assert told() == []


def test_a_stale_ended_license_is_refreshed_in_the_request(
    tenant: Tenant, age: Age, network: responses.RequestsMock
) -> None:
    age(STALE, EXPIRED)
    network.get(ADDON, json=body(ACTIVE))
    assert load_license(tenant).active is True


def test_without_a_broker_the_refresh_is_done_in_the_request(
    tenant: Tenant, age: Age, network: responses.RequestsMock, broken_broker: None
) -> None:
    age(STALE)
    network.get(ADDON, json=body(EXPIRED))
    assert load_license(tenant).active is False


def test_in_the_grace_period_a_host_that_is_down_is_asked_once(
    tenant: Tenant, age: Age, network: responses.RequestsMock
) -> None:
    age(GRACE, asked=61)
    network.get(ADDON, status=500)
    for _ in range(3):
        assert load_license(tenant).active is True
    assert len(network.calls) == 1


def test_an_ended_license_is_not_made_good_by_the_grace(
    tenant: Tenant, age: Age, network: responses.RequestsMock
) -> None:
    age(GRACE, EXPIRED)
    network.get(ADDON, status=500)
    assert load_license(tenant).active is False


def test_after_the_grace_period_the_license_is_unknown(
    tenant: Tenant, age: Age, network: responses.RequestsMock
) -> None:
    age(GRACE + STALE)
    network.get(ADDON, status=500)
    with pytest.raises(HostResponseError):
        load_license(tenant)


def test_two_requests_that_find_it_stale_refresh_it_once(
    app: Flask, tenant: Tenant, age: Age
) -> None:
    age(STALE)
    licenses = app.extensions["connect.licensing"].licenses
    found = licenses.find(tenant)
    assert licenses.claim(tenant, found)
    assert not licenses.claim(tenant, found)


def test_the_second_request_gets_the_old_answer(
    app: Flask, tenant: Tenant, age: Age, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    age(STALE)
    licenses = app.extensions["connect.licensing"].licenses
    monkeypatch.setattr(licenses, "claim", lambda *about: False)
    assert load_license(tenant).active is True
    assert told() == []


def test_the_edges_of_the_times_belong_to_the_later_rule(
    tenant: Tenant, age: Age, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    age(0)
    [stored] = kept()
    rules = get_licensing()

    def load_after(passed: timedelta) -> License:
        now = stored.answered_at + passed
        monkeypatch.setattr("app.connect.licensing.loader.utc_now", lambda: now)
        return load_license(tenant)

    assert load_after(rules.cache - MOMENT).active is True
    assert told() == []
    assert load_after(rules.cache).active is True
    assert told() == [(REFRESH, [tenant.client_key])]
    assert load_after(rules.cache + rules.grace - MOMENT).active is True
    # The host can't be asked, so that an answer is the kept one.
    with pytest.raises(HostError):
        load_after(rules.cache + rules.grace)


def test_a_refresh_that_is_missing_is_waited_for_60_seconds(
    tenant: Tenant, age: Age, network: responses.RequestsMock, told: Told
) -> None:
    age(STALE, asked=50)
    assert load_license(tenant).active is True
    assert told() == []
    age(STALE, asked=ASK_AGAIN.total_seconds())
    network.get(ADDON, json=body(EXPIRED))
    assert load_license(tenant).active is False


def test_an_answer_that_is_stale_sooner_is_refreshed_sooner(
    app: Flask, tenant: Tenant, age: Age, told: Told
) -> None:
    licensing = replace(get_licensing(), cache=timedelta(seconds=10))
    app.extensions["connect.licensing"] = licensing
    age(11)
    assert load_license(tenant).active is True
    assert told() == [(REFRESH, [tenant.client_key])]


def test_a_host_is_asked_with_the_secret_of_its_own_request(
    app: Flask, tenant: Tenant
) -> None:
    assert _secret_for(tenant) is None
    with app.test_request_context():
        set_verified_request(request, VerifiedRequest(tenant, None, {}, SECRET))
        assert _secret_for(tenant) == SECRET
        assert _secret_for(replace(tenant, client_key="other")) is None


def test_each_tenant_of_one_request_has_its_own_license(
    app: Flask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "app.connect.licensing.current.load_license",
        lambda tenant: License(key=tenant.client_key),
    )
    with app.test_request_context():
        for found in (tenant, replace(tenant, client_key="other"), tenant):
            set_verified_request(request, VerifiedRequest(found, None, {}, SECRET))
            assert current_license.key == found.client_key


@pytest.mark.parametrize("how", ["uninstall", "purge"])
def test_a_tenant_that_goes_leaves_no_answer(
    app: Flask, tenant: Tenant, age: Age, how: str
) -> None:
    age(0)
    tenants = app.extensions["connect"].tenants
    tenants.uninstall(tenant.client_key, issued_at=utc_now().timestamp() + 60)
    if how == "purge":
        tenants.purge(retention_days=0)
    assert kept() == []


def test_an_answer_that_comes_after_the_uninstall_is_not_kept(
    app: Flask, tenant: Tenant, age: Age
) -> None:
    age(0)
    tenants = app.extensions["connect"].tenants
    licenses = app.extensions["connect.licensing"].licenses
    tenants.uninstall(tenant.client_key, issued_at=utc_now().timestamp() + 60)
    licenses.keep(tenant, {"active": True})
    assert kept() == []
    tenants.purge(retention_days=0)
    licenses.keep(tenant, {"active": True})
    assert kept() == []


def test_an_answer_is_of_one_installation(app: Flask, tenant: Tenant, age: Age) -> None:
    age(0)
    licenses = app.extensions["connect.licensing"].licenses
    came_back = replace(tenant, installed_at=tenant.installed_at + timedelta(days=1))
    assert licenses.find(tenant) is not None
    assert licenses.find(came_back) is None
    licenses.keep(came_back, {"active": False})
    assert kept()[0].answer["active"] is True


def test_no_contact_is_stored(
    app_context: None, tenant: Tenant, network: responses.RequestsMock
) -> None:
    host = {"product": "Confluence", "contacts": [{"name": "Canary", "email": "c@x"}]}
    network.get(ADDON, json={**body(ACTIVE), "host": host, "links": {"self": []}})
    assert load_license(tenant).host_contacts == ()
    assert "Canary" not in str(kept())
    assert kept()[0].answer["host_product"] == "Confluence"


def test_an_answer_stored_by_another_version_can_be_read(
    tenant: Tenant, age: Age
) -> None:
    age(0)
    with db.engine.begin() as connection:
        connection.execute(update(record).values(answer={"active": True, "new": 1}))
    assert load_license(tenant).active is True


def test_a_task_has_the_license_too(tenant: Tenant, age: Age) -> None:
    age(0)
    with acting_for(tenant):
        assert current_license.active is True


def test_a_failure_is_raised_to_the_caller(
    app_context: None, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(ADDON, status=500)
    with acting_for(tenant), pytest.raises(HostError):
        _ = current_license.active
