"""Safe headers: a caller sets none that decides where a call goes, or as whom."""

from typing import Any

import pytest
import responses

from app.connect import TenantService
from app.connect.outbound.safe_headers import RESERVED, check_headers
from tests.connect.outbound.host_calls import SPACE


@pytest.mark.parametrize("name", [*RESERVED, "Host", "HOST", "TRANSFER-encoding"])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_header_of_the_clients_own_is_refused(name: str, blank: str) -> None:
    with pytest.raises(ValueError, match=f"leave out the header {name}: "):
        check_headers({"Accept": "text/html", f"{name}{blank}": "x"})


@pytest.mark.parametrize("name", [b"Host", None, 1])
def test_the_name_of_a_header_is_a_string(name: Any) -> None:
    with pytest.raises(ValueError, match="is a string"):
        check_headers({name: "x"})


def test_other_headers_are_the_callers_own() -> None:
    check_headers(None)
    check_headers({"X-Atlassian-Token": "no-check", "Content-Type": "text/plain"})


def test_a_call_with_such_a_header_is_never_sent(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(ValueError, match="leave out the header Host"):
        service.request("GET", "/rest/api/space", headers={"Host": "evil.example"})
    assert not network.calls
    network.get(SPACE, json={})
    service.request("GET", "/rest/api/space", headers={"X-Mine": "1"})
    assert network.calls[0].request.headers["X-Mine"] == "1"
