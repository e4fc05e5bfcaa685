"""How a call is signed and sent, and what becomes of the host's answer."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import jwt
import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connect import TenantService
from app.connect.errors import (
    HostError,
    HostResponseError,
    HostUnavailableError,
    RateLimitedError,
)
from app.connect.outbound.client import (
    MAX_MESSAGE,
    TIMEOUTS,
    HostClient,
    get_session,
    new_session,
    read_json,
)
from app.connect.tenants.models import Tenant, utc_now
from tests import signing
from tests.connect.outbound.host import (
    RawHost,
    assert_signed,
    claims_of,
    tenant_at,
)

SITE = signing.SITE
SPACE = f"{SITE}/rest/api/space"


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
    client = HostClient(
        tenant_at(SITE),
        app_key=signing.APP_KEY,
        shared_secret=signing.SECRET,
        session=new_session(),
    )
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
    with pytest.raises(ValueError, match="JSON can hold"):
        service.request("POST", "/rest/api/space", json={"a": float("nan")})
    assert not network.calls


def test_a_post_carries_files(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.post(SPACE)
    service.request("POST", "/rest/api/space", files={"file": ("a.txt", b"text")})
    request = network.calls[0].request
    assert b'filename="a.txt"' in request.body
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
    network.get(SPACE)
    service.request("GET", "/rest/api/space", headers={"Authorization": "Bearer x"})
    assert_signed(network.calls[0].request)


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


def test_a_session_of_another_make_follows_no_redirect_either(
    network: responses.RequestsMock,
) -> None:
    network.get(f"{SITE}/old", status=302, headers={"Location": SPACE})
    client = HostClient(
        tenant_at(SITE),
        app_key=signing.APP_KEY,
        shared_secret=signing.SECRET,
        session=requests.Session(),
    )
    assert client.request("GET", "/old").status_code == 302
    assert len(network.calls) == 1


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

    assert len(get_session().cookies) == 0
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
    options = network.calls[0].request.req_kwargs
    assert options["timeout"] == TIMEOUTS == (5, 20)
    assert options["verify"] is True


def test_all_tenants_share_one_pooled_session(
    install: Callable[..., Tenant], app_context: None
) -> None:
    adapter = get_session().get_adapter(SITE)
    assert adapter is get_session().get_adapter("https://other.atlassian.net/wiki")
    assert adapter.max_retries.total == 0


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
    client = HostClient(
        tenant_at(f"https://{host}/wiki"),
        app_key=signing.APP_KEY,
        shared_secret=signing.SECRET,
        session=get_session(),
    )
    with pytest.raises(HostUnavailableError):
        client.request("GET", "/rest")


def test_a_host_that_is_not_there_is_a_host_unavailable_error(
    raw_service: TenantService, raw_host: RawHost
) -> None:
    raw_service.request("GET", "/rest")
    port_of_nothing = tenant_at("http://127.0.0.1:1/wiki")
    client = HostClient(
        port_of_nothing,
        app_key=signing.APP_KEY,
        shared_secret=signing.SECRET,
        session=get_session(),
    )
    with pytest.raises(HostUnavailableError) as caught:
        client.request("GET", "/rest")
    assert "ConnectionError" in str(caught.value)


V1_BODY = {
    "statusCode": 404,
    "data": {"authorized": False, "valid": False, "errors": []},
    "message": "No space with key: X",
}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"json": V1_BODY}, "No space with key: X", id="message"),
        pytest.param({"json": {"errorMessage": "Not now"}}, "Not now", id="older"),
        pytest.param({"json": {"detail": "Bad id"}}, "Bad id", id="detail"),
        pytest.param(
            {"json": {"message": "", "errorMessage": "x"}}, "x", id="first non-empty"
        ),
        pytest.param({"json": {"message": "one\r\n two"}}, "one two", id="two lines"),
        pytest.param({"json": {"message": "a\x1b[2J\ud800b"}}, "a [2J b", id="control"),
        pytest.param(
            {"json": {"message": "x" * 10_000}}, "x" * MAX_MESSAGE, id="huge message"
        ),
        pytest.param({"json": {"message": {"a": 1}}}, "Not Found", id="no text"),
        pytest.param({"json": {"message": None}}, "Not Found", id="null message"),
        pytest.param({"json": {}}, "Not Found", id="empty object"),
        pytest.param({"json": ["message"]}, "Not Found", id="array"),
        pytest.param({"json": "message"}, "Not Found", id="string"),
        pytest.param({"body": "null"}, "Not Found", id="null"),
        pytest.param({"body": "<h1>Oops</h1>"}, "Not Found", id="HTML"),
        pytest.param({"body": ""}, "Not Found", id="empty"),
        pytest.param({"body": b"\xff\xfe\x00"}, "Not Found", id="bytes"),
        pytest.param({"body": "[" * 100_000}, "Not Found", id="deep"),
        pytest.param({"body": "x" * 1_000_000}, "Not Found", id="huge"),
    ],
)
def test_a_refusal_carries_the_hosts_own_message(
    service: TenantService,
    network: responses.RequestsMock,
    body: dict[str, Any],
    message: str,
) -> None:
    network.get(SPACE, status=404, **body)

    with pytest.raises(HostResponseError) as caught:
        service.request("GET", "/rest/api/space?secret=hidden")

    error = caught.value
    assert type(error) is HostResponseError
    assert (error.status_code, error.message) == (404, message)
    assert (error.method, error.path) == ("GET", "/wiki/rest/api/space")
    assert str(error) == f"GET /wiki/rest/api/space answered 404: {message}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 502, 503, 599])
def test_every_status_from_400_is_an_error(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.delete(SPACE, status=status)
    with pytest.raises(HostResponseError) as caught:
        service.request("DELETE", "/rest/api/space")
    assert type(caught.value) is HostResponseError
    assert caught.value.status_code == status
    assert caught.value.message


@pytest.mark.parametrize("status", [200, 201, 204, 304, 399])
def test_every_status_below_400_is_an_answer(
    service: TenantService, network: responses.RequestsMock, status: int
) -> None:
    network.delete(SPACE, status=status)
    assert service.request("DELETE", "/rest/api/space").status_code == status


def test_a_status_without_a_name_has_a_message_too(
    raw_service: TenantService, raw_host: RawHost
) -> None:
    raw_host.answers.append((499, b""))
    with pytest.raises(HostResponseError) as caught:
        raw_service.request("GET", "/rest")
    assert caught.value.message == "no message"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("0", 0.0, id="now"),
        pytest.param("17", 17.0, id="seconds"),
        pytest.param(" 17 ", 17.0, id="white space"),
        pytest.param("9" * 5_000, 999_999_999.0, id="huge"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="date in the past"),
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 -0000", None, id="no time zone"),
        pytest.param(f"Mon, 1 Jan {'9' * 20} 00:00:00 GMT", None, id="huge year"),
        pytest.param(f"Mon, 1 Jan 2030 00:00:00 +{'9' * 20}", None, id="huge zone"),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(
    service: TenantService,
    network: responses.RequestsMock,
    value: str | None,
    seconds: float | None,
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    network.get(SPACE, status=429, json={"message": "Slow down"}, headers=headers)

    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")

    assert caught.value.retry_after == seconds
    assert (caught.value.status_code, caught.value.message) == (429, "Slow down")


def test_a_rate_limit_until_a_date_is_counted_from_now(
    service: TenantService, network: responses.RequestsMock
) -> None:
    until = format_datetime(utc_now() + timedelta(hours=1), usegmt=True)
    network.get(SPACE, status=429, headers={"Retry-After": until})
    with pytest.raises(RateLimitedError) as caught:
        service.request("GET", "/rest/api/space")
    assert caught.value.retry_after is not None
    assert 3000 < caught.value.retry_after <= 3600


def test_only_429_is_a_rate_limit(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, status=503, headers={"Retry-After": "17"})
    with pytest.raises(HostResponseError) as caught:
        service.request("GET", "/rest/api/space")
    assert not isinstance(caught.value, RateLimitedError)


def test_the_json_of_an_answer_is_read(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(SPACE, json={"results": []})
    assert read_json(service.request("GET", "/rest/api/space")) == {"results": []}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, "<html>", id="HTML"),
        pytest.param(200, "", id="empty"),
        pytest.param(200, b"\xff\xff", id="bytes"),
        pytest.param(200, "[" * 100_000, id="deep"),
        pytest.param(302, "", id="redirect"),
    ],
)
def test_an_answer_that_is_not_json_is_a_host_response_error(
    service: TenantService,
    network: responses.RequestsMock,
    status: int,
    body: str | bytes,
) -> None:
    network.get(SPACE, status=status, body=body)
    answer = service.request("GET", "/rest/api/space")
    with pytest.raises(HostResponseError) as caught:
        read_json(answer)
    assert caught.value.status_code == status
    assert caught.value.message == "the answer is not JSON"
    assert (caught.value.method, caught.value.path) == ("GET", "/wiki/rest/api/space")
