"""Redirects, cookies, sessions and timeouts of calls to the host."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from app.connect import TenantService
from app.connect.errors import HostError, HostResponseError, HostUnavailableError
from app.connect.outbound.state import get_outbound
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import (
    RawHost,
    client_of,
    tenant_at,
)
from tests.connect.outbound.host_calls import SITE, SPACE


def test_a_cookie_of_one_tenant_travels_nowhere(
    install: Callable[..., Tenant],
    app_context: None,
    network: responses.RequestsMock,
) -> None:
    one = install()
    other = install(
        clientKey="other-client-key", baseUrl="https://other.atlassian.net/wiki"
    )
    cookies = {
        "Set-Cookie": "session=secret; Domain=.atlassian.net; Path=/; Secure",
    }
    network.get(f"{one.base_url}/rest", headers=cookies)
    network.get(f"{other.base_url}/rest")

    for tenant in (one, other, one):
        answer = TenantService(tenant).request("GET", "/rest")
        assert answer.request.headers.get("Cookie") is None

    assert len(get_outbound().calls.session._session.cookies) == 0
    assert not any("Cookie" in call.request.headers for call in network.calls)


def test_a_redirect_sets_no_cookie_either(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(
        f"{SITE}/old",
        status=302,
        headers={"Location": SPACE, "Set-Cookie": "session=secret; Path=/"},
    )
    network.get(SPACE)
    service.request("GET", "/old")
    service.request("GET", "/rest/api/space")
    assert "Cookie" not in network.calls[1].request.headers


def test_every_call_has_time_outs_and_checks_certificates(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.post(SPACE)
    service.request("POST", "/rest/api/space", json={})
    request: Any = network.calls[0].request
    options = request.req_kwargs
    assert options["timeout"] == (5, 20)
    assert options["verify"] is True


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(requests.ConnectionError, id="connection"),
        pytest.param(requests.ConnectTimeout, id="connect time-out"),
        pytest.param(requests.ReadTimeout, id="read time-out"),
        pytest.param(requests.exceptions.SSLError, id="TLS"),
        pytest.param(requests.exceptions.ChunkedEncodingError, id="broken off"),
        pytest.param(requests.exceptions.ProxyError, id="proxy"),
    ],
)
def test_no_answer_is_a_host_unavailable_error_without_secrets(
    service: TenantService,
    network: responses.RequestsMock,
    failure: type[requests.RequestException],
) -> None:
    network.get(SPACE, body=failure(f"{signing.SECRET} and more"))

    with pytest.raises(HostUnavailableError) as caught:
        service.request("GET", "/rest/api/space?token=hidden", params={"q": "mine"})

    assert str(caught.value) == f"GET {SPACE} got no answer: {failure.__name__}"
    assert caught.value.__suppress_context__
    assert isinstance(caught.value, HostError)
    assert not isinstance(caught.value, HostResponseError)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("a..localhost", id="empty label"),
        pytest.param("a" * 64 + ".localhost", id="label too long"),
    ],
)
def test_a_host_name_that_does_not_exist_is_a_host_unavailable_error(
    app_context: None, tenant: Tenant, host: str
) -> None:
    client = client_of(tenant_at(f"https://{host}/wiki"), get_outbound().calls.session)
    with pytest.raises(HostUnavailableError):
        client.request("GET", "/rest")


def test_a_host_that_is_not_there_is_a_host_unavailable_error(
    raw_service: TenantService, raw_host: RawHost
) -> None:
    raw_service.request("GET", "/rest")
    port_of_nothing = tenant_at("http://127.0.0.1:1/wiki")
    client = client_of(port_of_nothing, get_outbound().calls.session)
    with pytest.raises(HostUnavailableError) as caught:
        client.request("GET", "/rest")
    assert "ConnectionError" in str(caught.value)
