"""The exchange log: every message in both directions, recorded and searchable."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.exchanges import ExchangeLog
from devhost.exchanges.log import KEPT_BODIES, KEPT_BODY
from devhost.exchanges.masking import mask
from devhost.exchanges.tokens import check_hash
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from tests.fake_app import APP_KEY, FakeApp, sign

Call = Callable[..., requests.Response]
TEMPLATE = "/rest/atlassian-connect/1/addons/{key}/properties/{property}"
PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"


def record(log: ExchangeLog, path: str = "/a", **fields: Any) -> int:
    url = f"http://localhost:1{path}"
    fields = {"kind": "rest", "direction": "from-app", "method": "GET", **fields}
    return log.record(url=url, **fields).id


def test_an_installation_is_recorded_in_order(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    # The app fetches the key before it answers.
    found = [(one.kind, one.method, one.path) for one in confluence.exchanges.all()]
    key = f"/install-keys/{confluence.site.key_id}"
    assert found == [
        ("descriptor", "GET", "/atlassian-connect.json"),
        ("install-key", "GET", key),
        ("lifecycle", "POST", "/installed"),
        ("lifecycle", "POST", "/enabled"),
    ]
    sent = confluence.exchanges.find("POST", "/installed")[0]
    assert sent.direction == "to-app"
    assert sent.json["sharedSecret"] == installed.secret
    assert (sent.status, sent.app_key) == (204, APP_KEY)
    assert sent.milliseconds is not None
    check = check_hash(sent)
    assert check is not None
    assert check.matches


def test_a_rest_call_is_found_by_its_template(
    confluence: LocalConfluence, call: Call
) -> None:
    call("PUT", PROPERTY, json={"a": 1})
    (put,) = confluence.exchanges.find("put", TEMPLATE)
    assert (put.status, put.app_key, put.direction) == (201, APP_KEY, "from-app")
    assert put.json == {"a": 1}
    assert put.response_json["message"] == "Property x created."
    assert confluence.exchanges.find("PUT", "/wiki" + TEMPLATE) == [put]
    assert confluence.exchanges.find("GET", TEMPLATE) == []
    assert confluence.exchanges.find("PUT", TEMPLATE + "/more") == []
    assert confluence.exchanges.find(status=201) == [put]
    assert confluence.exchanges.find(app_key="nobody") == []
    assert confluence.exchanges.find(after=put.id) == []


def test_a_refused_call_is_recorded_with_the_reason(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    token = sign(installed, "GET", PROPERTY, exp=1)
    headers = {"Authorization": f"JWT {token}"}
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    (refused,) = confluence.exchanges.find("GET", TEMPLATE)
    assert refused.status == 401
    assert "expired" in refused.reason.lower()
    # It names an existing app, even if that is not proven.
    assert refused.app_key == APP_KEY


def test_a_page_call_has_its_own_kind_and_names_its_user(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    headers = {
        "X-Devhost-Session": confluence.site.session_token,
        "AP-Client-Key": APP_KEY,
    }
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    (found,) = confluence.exchanges.find(kind="ap-request")
    assert found.user == ADMINISTRATOR.account_id


def test_a_download_is_recorded_if_an_app_asks(
    confluence: LocalConfluence, call: Call
) -> None:
    before = confluence.exchanges.last_id
    path = "/download/attachments/1/picture.png"
    requests.get(confluence.base_url + path, timeout=30)
    assert confluence.exchanges.since(before) == []
    call("GET", path)
    (found,) = confluence.exchanges.since(before)
    assert (found.kind, found.path, found.app_key) == ("rest", path, APP_KEY)


def test_iframes_and_context_tokens_are_recorded(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    requests.get(page, timeout=30)
    (iframe,) = confluence.exchanges.find("GET", "/page", kind="iframe")
    assert (iframe.status, iframe.user) == (None, ADMINISTRATOR.account_id)
    check = check_hash(iframe)
    assert check is not None
    assert check.matches
    requests.post(
        f"{confluence.origin}/devhost/api/context-token",
        json={"appKey": APP_KEY, "moduleKey": "main"},
        headers={"X-Devhost-Session": confluence.site.session_token},
        timeout=30,
    )
    (token,) = confluence.exchanges.find(kind="context-token")
    assert token.token is not None
    assert check_hash(token) is None


def test_an_app_that_does_not_answer_is_recorded(
    confluence: LocalConfluence, desk: Call
) -> None:
    desk("install", descriptorUrl="http://127.0.0.1:1/atlassian-connect.json")
    (fetched,) = confluence.exchanges.find(kind="descriptor")
    assert (fetched.status, fetched.failure) == (None, "no connection")


def test_a_request_from_elsewhere_is_not_recorded(confluence: LocalConfluence) -> None:
    headers = {"Host": "evil.example"}
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    assert confluence.exchanges.all() == []


@pytest.mark.parametrize(
    ("signed", "mistake"),
    [
        pytest.param(("POST", PROPERTY + "?b=2&a=1"), "signed for POST", id="method"),
        pytest.param(("GET", "/wiki" + PROPERTY + "?b=2&a=1"), "/wiki was", id="base"),
        pytest.param(("GET", PROPERTY), "query was not signed", id="query"),
        pytest.param(("GET", PROPERTY + "?a=1"), "b was not signed", id="parameter"),
        pytest.param(("GET", "/elsewhere"), "", id="something-else"),
    ],
)
def test_a_hash_that_differs_is_explained(
    confluence: LocalConfluence, installed: FakeApp, signed: Any, mistake: str
) -> None:
    headers = {"Authorization": f"JWT {sign(installed, *signed)}"}
    url = f"{confluence.base_url}{PROPERTY}?b=2&a=1"
    requests.get(url, headers=headers, timeout=30)
    check = check_hash(confluence.exchanges.all()[-1])
    assert check is not None
    assert not check.matches
    assert check.canonical == f"GET&{PROPERTY}&a=1&b=2"
    assert mistake in check.mistake
    assert bool(check.fitting) == bool(mistake)


def test_an_exchange_prints_without_secrets(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    headers = {"Authorization": f"JWT {sign(installed, 'POST', PROPERTY)}"}
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    refused = str(confluence.exchanges.all()[-1])
    assert f"app -> host  GET /wiki{PROPERTY}  401" in refused
    assert f"what was signed: POST&{PROPERTY}&" in refused
    everything = "".join(str(one) + repr(one) for one in confluence.exchanges.all())
    assert installed.secret not in everything
    assert headers["Authorization"].rpartition(".")[2] not in everything


def test_the_log_forgets_the_oldest_and_never_an_id() -> None:
    log = ExchangeLog(kept=2)
    ids = [record(log) for _ in range(3)]
    assert [one.id for one in log.all()] == ids[1:]
    log.clear()
    assert log.all() == []
    assert record(log) == ids[-1] + 1 == log.last_id


def test_a_long_body_is_cut() -> None:
    log = ExchangeLog()
    record(log, request_body=b"x" * (KEPT_BODY + 1))
    (one,) = log.all()
    assert one.is_truncated
    assert len(one.request_body) == KEPT_BODY


def test_all_bodies_together_are_bounded() -> None:
    log = ExchangeLog()
    for _ in range(KEPT_BODIES // KEPT_BODY + 5):
        record(log, response_body=b"x" * KEPT_BODY)
    assert len(log.all()) == KEPT_BODIES // KEPT_BODY
    assert log.all()[-1].id == log.last_id


def test_waiting_ends_with_the_exchange_or_the_time() -> None:
    log = ExchangeLog()
    assert log.wait_for("GET", "/a", seconds=0) is None
    thread = threading.Thread(target=record, args=(log, "/a"))
    thread.start()
    found = log.wait_for("GET", "/a", seconds=30)
    thread.join()
    assert found is not None
    assert found.path == "/a"


def test_many_threads_record_at_once() -> None:
    log = ExchangeLog()
    threads = [
        threading.Thread(target=lambda: [record(log) for _ in range(50)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.id for one in log.all()) == list(range(1, 401))


@pytest.mark.parametrize(
    "text",
    [
        '{"sharedSecret": "hid\\"den"}',
        '{"sharedSecret":"hidden"}',
        '{"access_token": "hidden"}',
        "secret=ATCOhiddenhidden",
        "?jwt=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.hidden",
        "assertion=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.hidden&scope=READ",
        "/wiki/rest/plugins/1.0/?token=hidden",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    assert "hidden" not in mask(text)
    assert "den" not in mask(text)
