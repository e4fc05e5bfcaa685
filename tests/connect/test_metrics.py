"""What the app counts and times for Prometheus."""

import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from prometheus_client.samples import Sample

from app.connect import TenantService
from app.connect.metrics import TASK_SECONDS, timed
from app.connect.tenants.models import Tenant
from app.connect.webhooks.wake_up import RUN
from tests import signing
from tests.connect.conftest import EVENT, Deliver, Told
from tests.waits import Waits

COUNT = "connect_task_seconds_count"
CALLS = "connect_host_call_seconds_count"


def value(name: str, **labels: str) -> float:
    """Return a metric of this process; 0 if it was never recorded."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("outcome", "status"), [("accepted", "200"), ("MissingTokenError", "401")]
)
def test_requests_are_counted_by_policy_and_outcome(
    client: FlaskClient, tenant: Tenant, outcome: str, status: str
) -> None:
    headers = {}
    if outcome == "accepted":
        headers = signing.authorization(signing.context_token())
    labels = {"policy": "context JWT", "outcome": outcome}
    before = value("connect_requests_total", **labels)
    answers = value("connect_answers_total", status=status)
    assert client.get("/api/context", headers=headers).status_code == int(status)
    assert value("connect_requests_total", **labels) == before + 1
    assert value("connect_answers_total", status=status) == answers + 1


def test_a_path_that_does_not_exist_adds_no_label(client: FlaskClient) -> None:
    client.get("/nothing-here/canary")
    labels = [label for sample in _samples() for label in sample.labels.values()]
    assert "404" in labels
    assert not any("canary" in label for label in labels)


def test_a_block_is_timed_by_its_outcome() -> None:
    with timed(TASK_SECONDS, "some task", good="done"):
        pass
    with pytest.raises(LookupError), timed(TASK_SECONDS, "some task", good="done"):
        raise LookupError
    for outcome in ("done", "LookupError"):
        labels = {"task": "some task", "outcome": outcome}
        assert value(COUNT, **labels) == 1


def test_each_try_of_a_call_to_the_host_is_timed(
    tenant: Tenant, app_context: None, network: responses.RequestsMock, waits: Waits
) -> None:
    url = f"{tenant.base_url}/rest/api/content/1"
    network.get(url, status=503)
    network.get(url, body=requests.ConnectionError())
    network.get(url, json={})
    operation = {"operation": "GET /rest/api/content/{id}"}
    outcomes = ("503", "HostUnavailableError", "200")
    before = [value(CALLS, **operation, status=outcome) for outcome in outcomes]
    TenantService(tenant).request("GET", "/rest/api/content/1")
    after = [value(CALLS, **operation, status=outcome) for outcome in outcomes]
    assert after == [count + 1 for count in before]


def test_webhook_handlers_and_tasks_are_timed(
    app: Flask, tenant: Tenant, deliver: Deliver, told: Told
) -> None:
    handler = {"task": f"webhook {EVENT}", "outcome": "done"}
    task = {"task": RUN, "outcome": "done"}
    before = [value(COUNT, **handler), value(COUNT, **task)]
    assert deliver().status_code == 204
    for name, arguments in told():
        app.extensions["celery"].tasks[name](*arguments)
    after = [value(COUNT, **handler), value(COUNT, **task)]
    assert after == [count + 1 for count in before]


def _samples() -> list[Sample]:
    return [sample for metric in REGISTRY.collect() for sample in metric.samples]
