"""Faults: what goes wrong on purpose while a switch is on, and only then."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests

from devhost.faults.kinds import KINDS, FaultError
from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp, sign

Call = Callable[..., requests.Response]
PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
TEMPLATE = "/rest/atlassian-connect/1/addons/{key}/properties/{property}"


def api(
    confluence: LocalConfluence, method: str, path: str = "", **options: Any
) -> requests.Response:
    url = f"{confluence.origin}/devhost/api/faults{path}"
    return requests.request(method, url, timeout=30, **options)


@pytest.mark.parametrize(
    ("reason", "header", "policy"),
    [
        ("global", "confluence-quota-global-based", "global-app-quota"),
        ("tenant", "confluence-quota-tenant-based", "tenant-app-quota"),
        ("burst", "confluence-burst-based", None),
    ],
)
def test_a_rate_limit_reports_the_quota(
    confluence: LocalConfluence,
    call: Call,
    reason: str,
    header: str,
    policy: str | None,
) -> None:
    with confluence.faults.rate_limited(retry_after=7, reason=reason):
        answer = call("GET", PROPERTY)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["RateLimit-Reason"] == header
    assert answer.headers.get("X-RateLimit-Remaining") == ("0" if policy else None)
    told = answer.headers.get("RateLimit-Policy")
    assert told == (f'"{policy}";q=65000;w=3600' if policy else None)
    assert call("GET", PROPERTY).status_code == 404


def test_retry_after_can_be_missing(confluence: LocalConfluence, call: Call) -> None:
    confluence.faults.rate_limited(retry_after=None)
    assert "Retry-After" not in call("GET", PROPERTY).headers


def test_a_server_error_has_the_status_that_was_set(
    confluence: LocalConfluence, call: Call
) -> None:
    with confluence.faults.server_error(status=502, retry_after=3):
        answer = call("GET", PROPERTY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "3")


def test_a_slow_answer_is_the_right_answer_and_noted(
    confluence: LocalConfluence, call: Call
) -> None:
    with confluence.faults.slow(seconds=0.01):
        assert call("PUT", PROPERTY, json=1).status_code == 201
    recorded = confluence.exchanges.all()[-1]
    assert recorded.notes["fault slow"] == "Slow answers"
    assert recorded.milliseconds is not None
    assert recorded.milliseconds >= 10


@pytest.mark.parametrize(("when", "status"), [("before", 404), ("after", 200)])
def test_a_connection_is_dropped_before_or_after_the_change(
    confluence: LocalConfluence, call: Call, when: str, status: int
) -> None:
    confluence.faults.dropped(when=when, times=1)
    with pytest.raises(requests.ConnectionError):
        call("PUT", PROPERTY, json=1)
    dropped = confluence.exchanges.wait_for("PUT", TEMPLATE)
    assert dropped is not None
    assert (dropped.status, dropped.failure) == (None, "connection dropped on purpose")
    assert call("GET", PROPERTY).status_code == status


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"method": "PUT"}, id="other-method"),
        pytest.param({"path": "/rest/api/content/{id}"}, id="other-path"),
    ],
)
def test_a_fault_strikes_only_matching_calls(
    confluence: LocalConfluence, call: Call, settings: dict[str, Any]
) -> None:
    confluence.faults.server_error(**settings)
    assert call("GET", PROPERTY).status_code == 404


def test_a_fault_strikes_a_limited_number_of_times(
    confluence: LocalConfluence, call: Call
) -> None:
    confluence.faults.server_error(times=2, path=TEMPLATE, method="get")
    statuses = [call("GET", PROPERTY).status_code for _ in range(3)]
    assert statuses == [503, 503, 404]
    assert confluence.faults.on() == {}


def test_the_access_token_endpoint_is_struck_too(confluence: LocalConfluence) -> None:
    confluence.faults.server_error(path="/oauth2/token")
    url = f"{confluence.origin}/oauth2/token"
    assert requests.post(url, data={}, timeout=30).status_code == 503


def test_the_site_itself_still_works(confluence: LocalConfluence) -> None:
    confluence.faults.server_error()
    confluence.faults.dropped()
    assert requests.get(f"{confluence.base_url}/", timeout=30).status_code == 200
    upm = f"{confluence.base_url}/rest/plugins/1.0/"
    assert requests.get(upm, auth=("admin", "admin"), timeout=30).status_code == 200


@pytest.mark.parametrize("status", [503, 0])
def test_without_the_key_server_an_app_cannot_be_installed(
    confluence: LocalConfluence, app: FakeApp, desk: Call, status: int
) -> None:
    with confluence.faults.key_server_down(status=status):
        answer = desk("install", descriptorUrl=app.descriptor_url)
    assert answer.status_code == 400
    assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_wrong_clock_dates_every_token_of_the_host(
    confluence: LocalConfluence, installed: FakeApp, seconds: int
) -> None:
    def issued_at() -> int:
        page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
        requests.get(page, timeout=30)
        token = confluence.exchanges.find(kind="iframe")[-1].token
        assert token is not None
        claims = jwt.decode(token, options={"verify_signature": False})
        return int(claims["iat"])

    before = issued_at()
    with confluence.faults.clock_skew(seconds=seconds):
        assert abs(issued_at() - before - seconds) < 60
    assert abs(issued_at() - before) < 60


def test_a_wrong_clock_does_not_affect_tokens_of_the_app(
    confluence: LocalConfluence, call: Call
) -> None:
    with confluence.faults.clock_skew(seconds=86400):
        assert call("GET", PROPERTY).status_code == 404


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("broken", {}, "no fault broken"),
        ("slow", {"second": 1}, "slow has only"),
        ("slow", {"seconds": 61}, "seconds"),
        ("slow", {"seconds": "1"}, "seconds"),
        ("slow", {"path": "rest"}, "path"),
        ("slow", {"times": 0}, "times"),
        ("slow", {"method": 5}, "method"),
        ("rate-limited", {"reason": "moon"}, "reason"),
        ("rate-limited", {"retry_after": -1}, "retry_after"),
        ("server-error", {"status": 404}, "status"),
        ("server-error", {"retry_after": 0.5}, "retry_after"),
        ("dropped", {"when": "never"}, "when"),
        ("key-server-down", {"status": 200}, "status"),
        ("clock-skew", {"seconds": 10**12}, "seconds"),
    ],
)
def test_an_invalid_setting_is_refused(
    confluence: LocalConfluence, name: str, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(FaultError, match=says):
        confluence.faults.switch_on(name, **settings)
    answer = api(confluence, "PUT", f"/{name}", json=settings)
    assert answer.status_code == (400 if name in KINDS else 404)
    assert confluence.faults.on() == {}


def test_faults_are_switched_as_json(confluence: LocalConfluence, call: Call) -> None:
    body = {"retryAfter": 9, "reason": "tenant"}
    on = api(confluence, "PUT", "/rate-limited", json=body).json()
    assert on["settings"]["retryAfter"] == 9
    assert call("GET", PROPERTY).headers["Retry-After"] == "9"
    listed = api(confluence, "GET").json()["faults"]
    assert [one["name"] for one in listed] == list(KINDS)
    assert [one["name"] for one in listed if one["settings"]] == ["rate-limited"]
    assert api(confluence, "DELETE", "/rate-limited").status_code == 204
    assert api(confluence, "DELETE", "/nothing").status_code == 404
    api(confluence, "PUT", "/slow")
    assert api(confluence, "DELETE").status_code == 204
    assert confluence.faults.on() == {}
    assert api(confluence, "PUT", "/slow", data="[").status_code == 400


def test_the_page_switches_faults(confluence: LocalConfluence) -> None:
    def submit(name: str, **form: str) -> requests.Response:
        url = f"{confluence.origin}/devhost/faults/{name}"
        return requests.post(url, data=form, timeout=30)

    page = submit("slow", on="1", seconds="0.5", times="", path="", method="")
    assert "Switch off" in page.text
    assert "1 on" in page.text
    assert submit("slow", on="1", seconds="soon").status_code == 400
    refused = submit("rate-limited", on="1", retry_after="x")
    assert 'role="alert"' in refused.text
    assert "Switch off" not in submit("slow", off="1").text


# Replay.


def test_a_captured_callback_is_sent_again_unchanged(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    (sent,) = confluence.exchanges.find("POST", "/enabled")
    url = f"{confluence.origin}/devhost/api/exchanges/{sent.id}/replay"
    answer = requests.post(url, timeout=30).json()
    assert answer["status"] == 204
    assert answer["notes"] == {"replay of": f"#{sent.id}"}
    first, second = installed.events("enabled")
    assert first == second
    again = confluence.exchanges.all()[-1]
    assert again.request_body == sent.request_body
    assert again.token == sent.token


def test_a_captured_call_of_the_app_is_sent_again(
    confluence: LocalConfluence, call: Call
) -> None:
    call("PUT", PROPERTY, json={"a": 1})
    (sent,) = confluence.exchanges.find("PUT", TEMPLATE)
    url = f"{confluence.origin}/devhost/api/exchanges/{sent.id}/replay"
    assert requests.post(url, timeout=30).json()["status"] == 200


def test_an_iframe_url_can_be_replayed_after_the_secret_changed(
    confluence: LocalConfluence, installed: FakeApp, desk: Call
) -> None:
    page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    requests.get(page, timeout=30)
    (sent,) = confluence.exchanges.find(kind="iframe")
    url = f"{confluence.origin}/devhost/api/exchanges/{sent.id}/replay"
    assert requests.post(url, timeout=30).json()["status"] == 200
    desk(f"apps/{APP_KEY}/rotate-secret")
    assert requests.post(url, timeout=30).json()["status"] == 500


def test_an_exchange_without_a_request_is_not_replayed(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    one = confluence.exchanges.record(
        kind="context-token",
        direction="to-app",
        method="GET",
        url="http://127.0.0.1/",
        handed_out=sign(installed, "GET", "/"),
    )
    cut = confluence.exchanges.record(
        kind="rest",
        direction="from-app",
        method="PUT",
        url=confluence.base_url + PROPERTY,
        request_body=b"x" * 300_000,
    )
    for exchange in (one, cut):
        url = f"{confluence.origin}/devhost/api/exchanges/{exchange.id}/replay"
        assert requests.post(url, timeout=30).status_code == 409
    url = f"{confluence.origin}/devhost/api/exchanges/999/replay"
    assert requests.post(url, timeout=30).status_code == 404
