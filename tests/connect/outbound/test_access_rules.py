"""Content blocked by an app access rule is told apart from missing content."""

import re
from typing import Any

import pytest
import requests
import responses

from app.connect import AccessRuleError, TenantService
from app.connect.errors import (
    HostResponseError,
    PropertyNotFoundError,
    RateLimitedError,
    SiteUnavailableError,
    TokenRefusedError,
)
from tests import signing

SITE = signing.SITE
METADATA = f"{SITE}/api/v2/data-policies/metadata"
PAGE = "/api/v2/pages/98421"
ANY_URL = re.compile(f"{SITE}.*")


def refused(service: TenantService, path: str = PAGE) -> HostResponseError:
    with pytest.raises(HostResponseError) as caught:
        service.request("GET", path)
    return caught.value


@pytest.fixture
def blocked(network: responses.RequestsMock) -> responses.BaseResponse:
    """The host says that some content is blocked."""
    answer: responses.BaseResponse = network.get(
        METADATA, json={"anyContentBlocked": True}
    )
    return answer


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.usefixtures("blocked")
def test_a_refusal_where_content_is_blocked_says_so(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.get(SITE + PAGE, status=status, json={"message": "No page."})
    error = refused(service)
    assert type(error) is AccessRuleError
    assert (error.status_code, error.message) == (status, "No page.")
    assert (error.method, error.path) == ("GET", f"/wiki{PAGE}")
    assert str(error) == (
        f"GET /wiki{PAGE} answered {status}: No page.; "
        "perhaps because an app access rule blocks the app"
    )


def test_a_refusal_where_nothing_is_blocked_is_a_plain_one(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SITE + PAGE, status=404)
    network.get(METADATA, json={"anyContentBlocked": False})
    assert type(refused(service)) is HostResponseError


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        pytest.param(PAGE, 400, HostResponseError, id="400"),
        pytest.param(PAGE, 401, TokenRefusedError, id="401"),
        pytest.param(PAGE, 429, RateLimitedError, id="429"),
        pytest.param(PAGE, 500, HostResponseError, id="500"),
        pytest.param("/api/v2/spaces/1", 404, HostResponseError, id="exempt"),
        pytest.param("/rest/mywork/1/task", 404, HostResponseError, id="unknown rule"),
        pytest.param("/rest/new", 404, HostResponseError, id="unknown operation"),
    ],
)
def test_what_is_not_due_to_a_rule_asks_nothing_more(
    service: TenantService,
    network: responses.RequestsMock,
    path: str,
    status: int,
    kind: type,
) -> None:
    network.get(SITE + path, status=status)
    assert type(refused(service, path)) is kind
    asked = {call.request.url for call in network.calls}
    assert asked == {SITE + path}


def test_a_missing_app_property_is_not_due_to_a_rule(
    service: TenantService, network: responses.RequestsMock
) -> None:
    message = "Property with key note not found."
    network.get(ANY_URL, status=404, json={"message": message})
    with pytest.raises(PropertyNotFoundError):
        service.properties.get("note")
    assert len(network.calls) == 1


def test_a_closed_site_is_not_due_to_a_rule(
    service: TenantService, network: responses.RequestsMock
) -> None:
    says = {"errorMessage": "Site temporarily unavailable"}
    network.get(SITE + PAGE, status=404, json=says)
    assert type(refused(service, PAGE)) is SiteUnavailableError
    assert len(network.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 404}, id="404"),
        pytest.param({"status": 403}, id="403"),
        pytest.param({"body": "<html>"}, id="no JSON"),
        pytest.param({"json": {}}, id="no policy"),
        pytest.param({"body": requests.ConnectionError("canary")}, id="no answer"),
    ],
)
def test_a_host_that_cannot_say_is_asked_once_and_the_refusal_is_plain(
    service: TenantService, network: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    network.get(SITE + PAGE, status=404)
    question = network.get(METADATA, **answer)
    assert type(refused(service)) is HostResponseError
    assert type(refused(service)) is HostResponseError
    assert question.call_count == 1


def test_the_host_is_asked_once_for_many_refusals(
    service: TenantService,
    network: responses.RequestsMock,
    blocked: responses.BaseResponse,
) -> None:
    network.get(SITE + PAGE, status=404)
    for _ in range(3):
        assert type(refused(service)) is AccessRuleError
    assert blocked.call_count == 1


def test_an_explicit_question_is_asked_again_after_a_host_that_could_not_say(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SITE + PAGE, status=404)
    network.get(METADATA, status=404)
    refused(service)
    network.replace(responses.GET, METADATA, json={"anyContentBlocked": True})
    assert service.data_policy.is_any_content_blocked()
    assert type(refused(service)) is AccessRuleError
