"""Calls to the host: their content and their signature."""

from typing import Any

import jwt
import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connect import HostUnavailableError, TenantService
from app.connect.db.columns import utc_now
from tests import signing
from tests.connect.outbound.host import (
    RawHost,
    assert_signed,
    claims_of,
    client_of,
    tenant_at,
)
from tests.connect.outbound.host_calls import SITE, SPACE


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_a_call_is_signed_for_its_method_and_path(
    service: TenantService, network: responses.RequestsMock, method: str
) -> None:
    network.add(method, SPACE)
    service.request(method, "/rest/api/space")
    assert_signed(network.calls[0].request)


def test_the_token_names_app_and_tenant_for_three_minutes(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE)
    before = int(utc_now().timestamp())

    service.request("GET", "/rest/api/space")

    claims = claims_of(network.calls[0].request.headers["Authorization"])
    assert claims == {
        "iss": signing.APP_KEY,
        "aud": signing.CLIENT_KEY,
        "iat": claims["iat"],
        "exp": claims["iat"] + 180,
        "qsh": signing.qsh("GET", "/rest/api/space"),
    }
    assert before <= claims["iat"] <= int(utc_now().timestamp())


def test_the_token_is_hs256_and_not_of_another_secret(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE)
    service.request("GET", "/rest/api/space")
    authorization = network.calls[0].request.headers["Authorization"]

    assert jwt.get_unverified_header(authorization[4:])["alg"] == "HS256"
    assert claims_of(authorization, secret=signing.SECRET)
    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(authorization, secret=signing.OTHER_SECRET)


def test_a_method_in_lower_case_is_sent_and_signed_in_upper_case(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE)
    service.request("get", "/rest/api/space")
    assert network.calls[0].request.method == "GET"
    assert_signed(network.calls[0].request)


ODD_PARAMS = [
    pytest.param({"cql": "type = page"}, id="spaces"),
    pytest.param({"q": "1+1"}, id="plus"),
    pytest.param({"q": "100%"}, id="percent"),
    pytest.param({"a": ["2", "1", "10"]}, id="repeated"),
    pytest.param({"a": ["x,y", "x"]}, id="repeated with a comma"),
    pytest.param({"a": ["B", "a", "é"]}, id="repeated, any order"),
    pytest.param({"naïve": "日本 🙂"}, id="non-ASCII"),
    pytest.param({"b": "1", "a-": "2", "a": "3"}, id="unsorted"),
    pytest.param({"a": ""}, id="empty value"),
    pytest.param({"a": None}, id="dropped by requests"),
    pytest.param({"a&b": "c=d&e", "x": "/?#@\\;"}, id="reserved characters"),
    pytest.param({"jwt": "mine"}, id="named jwt"),
    pytest.param({"s": "~-._!*'()"}, id="marks"),
]


@pytest.mark.parametrize("params", ODD_PARAMS)
@pytest.mark.parametrize("query", ["", "?limit=5&a=0"], ids=["alone", "with query"])
def test_any_params_are_part_of_the_signature(
    service: TenantService,
    network: responses.RequestsMock,
    params: dict[str, Any],
    query: str,
) -> None:
    network.get(SPACE)
    service.request("GET", f"/rest/api/space{query}", params=params)
    assert_signed(network.calls[0].request)


# Beyond U+FFFF the library sorts repeated values unlike Java, which hosts run.
TEXT = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])


@settings(deadline=None)
@given(
    params=st.dictionaries(
        st.text(TEXT, min_size=1, max_size=4),
        st.lists(st.text(TEXT, max_size=4)),
        max_size=4,
    )
)
def test_the_hash_is_that_of_the_pypi_library_for_any_params(
    params: dict[str, list[str]],
) -> None:
    client = client_of(tenant_at(SITE))
    with responses.RequestsMock() as mock:
        mock.get(SPACE)
        client.request("GET", "/rest/api/space", params=params)
        assert_signed(mock.calls[0].request)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/wiki/rest/api/x?b=2&a=1", id="unsorted"),
        pytest.param("/wiki/rest/api/x%2fy?a=%e9", id="lower-case escapes"),
        pytest.param("/wiki/rest/é/日本?q=ü", id="non-ASCII"),
        pytest.param("/wiki/rest/[x]|^?q=[x]|^{}", id="characters libraries encode"),
        pytest.param("/wiki/rest/a%?q=100%", id="stray percent"),
        pytest.param("/wiki/rest/%7Euser/x", id="needlessly encoded"),
        pytest.param("/wiki/rest/x/?a=1", id="trailing slash"),
        pytest.param("/wiki/rest/a&b=c?d&e=&=f", id="ampersand in the path"),
    ],
)
def test_the_hash_is_of_the_bytes_on_the_wire(
    raw_service: TenantService, raw_host: RawHost, target: str
) -> None:
    raw_service.request("GET", target)

    [request] = raw_host.requests
    sent = request["target"]
    assert sent.startswith("/wiki/")
    claims = claims_of(request["authorization"])
    assert claims["qsh"] == signing.qsh("GET", sent.removeprefix("/wiki"))


@pytest.mark.parametrize("method", ["GET", "get"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"json": {"a": 1}}, id="json"),
        pytest.param({"json": {}}, id="empty json"),
        pytest.param({"data": b"x"}, id="data"),
        pytest.param({"data": b""}, id="empty data"),
        pytest.param({"files": {"f": b"x"}}, id="files"),
    ],
)
def test_a_get_with_a_body_is_refused_before_it_is_sent(
    service: TenantService,
    network: responses.RequestsMock,
    method: str,
    body: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="GET request has no body"):
        service.request(method, "/rest/api/space", **body)
    assert not network.calls


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        pytest.param({"json": {"a": 1}}, b'{"a": 1}', id="json"),
        pytest.param({"data": b"x"}, b"x", id="data"),
    ],
)
def test_a_post_carries_its_body(
    service: TenantService,
    network: responses.RequestsMock,
    body: dict[str, Any],
    sent: bytes,
) -> None:
    network.post(SPACE)
    service.request("POST", "/rest/api/space", **body)
    assert network.calls[0].request.body == sent


def test_a_body_that_json_cannot_hold_is_the_callers_mistake(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(ValueError, match="serialized as JSON"):
        service.request("POST", "/rest/api/space", json={"a": float("nan")})
    assert not network.calls


def test_a_header_that_http_cannot_carry_is_not_sent(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(HostUnavailableError):
        service.request("GET", "/rest/api/space", headers={"X-Note": "one\ntwo"})
    assert not network.calls


def test_a_post_carries_files(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.post(SPACE)
    service.request("POST", "/rest/api/space", files={"file": ("a.txt", b"text")})
    request = network.calls[0].request
    assert b'filename="a.txt"' in (request.body or b"")
    assert_signed(request)


def test_json_is_asked_for_unless_the_caller_wants_something_else(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE)
    service.request("GET", "/rest/api/space")
    service.request(
        "GET", "/rest/api/space", headers={"Accept": "text/html", "X-A": "b"}
    )
    first, second = (call.request.headers for call in network.calls)
    assert first["Accept"] == "application/json"
    assert (second["Accept"], second["X-A"]) == ("text/html", "b")


def test_a_caller_cannot_replace_the_signature(
    service: TenantService, network: responses.RequestsMock
) -> None:
    with pytest.raises(ValueError, match="leave out the header Authorization"):
        service.request("GET", "/rest/api/space", headers={"Authorization": "Bearer x"})
    assert not network.calls


def test_a_password_of_the_machine_does_not_replace_the_signature(
    service: TenantService,
    network: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.atlassian.net login me password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(SITE) == ("me", "hidden")
    network.get(SPACE)

    service.request("GET", "/rest/api/space")

    assert_signed(network.calls[0].request)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        pytest.param("https://evil.example/", id="another host"),
        pytest.param(SPACE, id="the same host"),
        pytest.param("http://[::1", id="no URL"),
        pytest.param("https://x/\xff", id="not UTF-8"),
        pytest.param("", id="empty"),
    ],
)
def test_a_redirect_is_given_back_and_not_followed(
    service: TenantService,
    network: responses.RequestsMock,
    status: int,
    location: str,
) -> None:
    network.get(f"{SITE}/old", status=status, headers={"Location": location})

    answer = service.request("GET", "/old")

    assert answer.status_code == status
    assert len(network.calls) == 1
