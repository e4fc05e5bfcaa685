"""``tenant_task``: the message, and the tenant that it runs for."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.connect import (
    acting_for,
    current_account_id,
    current_context,
    current_service,
    current_tenant,
    tenant_task,
)
from app.connect.errors import QueueUnavailableError
from app.connect.tenants.models import Tenant, TenantEvent
from app.extensions import db
from tests import signing
from tests.connect.conftest import Told

seen: list[Any] = []


@tenant_task
def index_space(space_key: str, *, deep: bool = False) -> str:
    """Index a space."""
    who = (current_tenant.client_key, str(current_account_id), dict(current_context))
    seen.append((*who, current_service.tenant.client_key, space_key, deep))
    return f"indexed {space_key}"


@tenant_task(max_retries=1, autoretry_for=(KeyError,), retry_backoff=True)
def fails_at_first() -> None:
    seen.append("failed")
    raise KeyError


NAME = f"{__name__}.index_space"
MESSAGE = [signing.CLIENT_KEY, signing.ACCOUNT_ID, ["DS"], {"deep": True}]


@pytest.fixture(autouse=True)
def _nothing_seen() -> Iterator[None]:
    seen.clear()
    yield


def test_a_message_carries_client_key_account_id_and_arguments(
    app_context: None, tenant: Tenant, told: Told
) -> None:
    with acting_for(tenant, signing.ACCOUNT_ID, {"canary": 1}):
        index_space.enqueue("DS", deep=True)
    assert told() == [(NAME, MESSAGE)]
    assert seen == []


def test_a_task_runs_for_its_tenant(app: Flask, tenant: Tenant) -> None:
    app.extensions["celery"].tasks[NAME](*MESSAGE)
    who: tuple[Any, ...] = (signing.CLIENT_KEY, signing.ACCOUNT_ID, {})
    assert seen == [(*who, signing.CLIENT_KEY, "DS", True)]


def test_called_by_itself_it_is_a_function(app_context: None, tenant: Tenant) -> None:
    with acting_for(tenant):
        assert index_space("DS") == "indexed DS"
    assert index_space.__doc__ == "Index a space."


def test_without_a_tenant_there_is_nothing_to_enqueue(
    app_context: None, told: Told
) -> None:
    with pytest.raises(RuntimeError, match="acting_for"):
        index_space.enqueue("DS")
    assert told() == []


@pytest.mark.parametrize("state", ["disabled", "uninstalled", "purged"])
def test_a_task_of_an_uninstalled_tenant_is_dropped_and_recorded(
    app: Flask, app_context: None, tenant: Tenant, state: str
) -> None:
    tenants = app.extensions["connect"].tenants
    later = tenant.installed_at.timestamp() + 60
    if state == "disabled":
        tenants.set_enabled(tenant.client_key, enabled=False, issued_at=later)
    else:
        tenants.uninstall(tenant.client_key, issued_at=later)
    if state == "purged":
        tenants.purge(retention_days=0)
    app.extensions["celery"].tasks[NAME](*MESSAGE)
    assert seen == []
    last = select(TenantEvent).order_by(TenantEvent.id.desc()).limit(1)
    event = db.session.execute(last).scalar_one()
    assert (event.client_key, event.event) == (tenant.client_key, "task dropped")
    assert event.details == {"task": NAME, "state": state}


def test_a_broker_that_is_down_is_told_to_the_caller(
    app_context: None, tenant: Tenant, broken_broker: None
) -> None:
    with acting_for(tenant), pytest.raises(QueueUnavailableError, match="BROKER_URL"):
        index_space.enqueue("DS")


def test_celerys_options_are_the_tasks(app: Flask, tenant: Tenant) -> None:
    task = app.extensions["celery"].tasks[f"{__name__}.fails_at_first"]
    assert task.max_retries == 1
    message: list[Any] = [signing.CLIENT_KEY, None, [], {}]
    result = task.apply(message)
    assert result.failed()
    assert isinstance(result.result, KeyError)
    assert seen == ["failed", "failed"]
