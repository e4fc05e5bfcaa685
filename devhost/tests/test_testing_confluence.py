"""The test kit's assertions about messages between host and app."""

import threading
from collections.abc import Callable

import pytest
import requests

from devhost.site.installations import Installations
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.expectations import MessageError, transcript
from tests.fake_app import APP_KEY, FakeApp
from tests.webhook_app import add_page, hooks, install, serve

PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"
TEMPLATE = "/rest/atlassian-connect/1/addons/{app}/properties/{key}"
Call = Callable[..., requests.Response]


@pytest.fixture
def written(call: Call) -> None:
    """The app has written an app property, and changed it."""
    assert call("PUT", PROPERTY, json={"a": 1}).status_code == 201
    assert call("PUT", PROPERTY, json={"a": 2}).status_code == 200


@pytest.mark.usefixtures("written")
def test_the_newest_message_that_fits_is_returned(
    confluence: RecordingConfluence,
) -> None:
    assert confluence.received("PUT", TEMPLATE).json == {"a": 2}
    assert confluence.received("put", f"/wiki{PROPERTY}", times=2).json == {"a": 2}
    assert confluence.received("PUT", TEMPLATE, status=201).json == {"a": 1}
    assert confluence.received("PUT", TEMPLATE, body={"a": 1}).status == 201
    assert confluence.received("PUT", TEMPLATE, body=b'{"a": 1}').status == 201
    confluence.received("PUT", TEMPLATE, app_key=APP_KEY, user="", times=2)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("wanted", "difference"),
    [
        ({"status": 204}, "#5 differs: status 201, not 204"),
        ({"body": {"a": 3}}, '#5 differs: body {"a": 1}, not {"a": 3}'),
        ({"app_key": "x"}, f"#5 differs: app {APP_KEY}, not x"),
        ({"user": "user"}, "user none, not 557058:devhost-ordinary-user"),
        ({"times": 1}, "2 times, not 1."),
        ({"times": 3}, "2 times, not 3."),
    ],
)
def test_a_message_with_other_details_does_not_match(
    confluence: RecordingConfluence, wanted: dict[str, object], difference: str
) -> None:
    with pytest.raises(MessageError) as caught:
        # The cases hold different options.
        confluence.received("PUT", TEMPLATE, within=0, **wanted)  # type: ignore[arg-type]
    assert difference in str(caught.value)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", TEMPLATE), ("PUT", "/rest/api/space"), ("PUT", TEMPLATE + "/more")],
)
def test_another_method_or_path_does_not_match(
    confluence: RecordingConfluence, method: str, path: str
) -> None:
    with pytest.raises(MessageError, match=f"received no {method} "):
        confluence.received(method, path, within=0)
    confluence.not_received(method, path)


@pytest.mark.usefixtures("written")
def test_not_received_fails_for_a_received_message(
    confluence: RecordingConfluence,
) -> None:
    with pytest.raises(MessageError, match=r"received PUT .*: #5, #6\."):
        confluence.not_received("PUT", TEMPLATE)
    confluence.not_received("PUT", TEMPLATE, status=403)
    with pytest.raises(ValueError, match="write not_received"):
        confluence.received("DELETE", TEMPLATE, times=0)


@pytest.mark.usefixtures("installed")
def test_sent_messages_can_be_asserted(confluence: RecordingConfluence) -> None:
    assert confluence.sent("POST", "/installed", status=204, times=1).json["key"]
    assert confluence.sent_event("installed", app_key=APP_KEY, times=1).status == 204
    confluence.not_sent("POST", "/uninstalled")
    confluence.not_sent_event("uninstalled")
    # The host did not receive what it sent.
    confluence.not_received("POST", "/installed")
    with pytest.raises(MessageError, match="sent no uninstalled with status 204"):
        confluence.sent_event("uninstalled", status=204, within=0)
    with pytest.raises(MessageError, match="sent POST /installed: #3"):
        confluence.not_sent("POST", "/installed")
    with pytest.raises(MessageError, match="sent enabled: #4"):
        confluence.not_sent_event("enabled")


def test_a_webhook_is_known_by_its_event(confluence: RecordingConfluence) -> None:
    with serve(confluence, *hooks("page_created", "page_removed")) as app:
        install(confluence, app)
        add_page(confluence)
        sent = confluence.sent_event("page_created", status=204, times=1, within=30)
        assert sent.path == "/page_created"
        confluence.not_sent_event("page_removed")


def test_a_message_can_arrive_a_little_later(
    confluence: RecordingConfluence, call: Call
) -> None:
    later = threading.Timer(0.2, call, ["GET", "/rest/api/space"])
    later.start()
    assert confluence.received("GET", "/rest/api/space", within=30).status == 200
    later.join()


@pytest.mark.usefixtures("written")
def test_a_failed_assertion_shows_every_message_and_no_secret(
    confluence: RecordingConfluence, installed: FakeApp
) -> None:
    with pytest.raises(MessageError) as caught:
        confluence.received("DELETE", TEMPLATE, within=0)
    text = str(caught.value)
    begin, shown = text.split("\n\n", 1)
    assert begin.splitlines()[0] == f"Confluence received no DELETE {TEMPLATE}."
    assert "#6 differs: method PUT, not DELETE" in begin
    for number, line in [
        (1, "descriptor host -> app  GET /atlassian-connect.json  200"),
        (3, "lifecycle host -> app  POST /installed  204"),
        (6, f"rest app -> host  PUT /wiki{PROPERTY}  200"),
    ]:
        assert f"\n#{number} {line}\n" in shown
    assert f'claims: {{"iss": "{APP_KEY}"' in shown
    assert 'request: {"a": 2}' in shown
    assert installed.secret not in text
    assert '"sharedSecret": "\u2022\u2022\u2022"' in shown


def test_without_messages_a_failed_assertion_says_so(
    confluence: RecordingConfluence,
) -> None:
    with pytest.raises(MessageError, match="There was no message"):
        confluence.received("GET", "/rest/api/space", within=0)


def test_of_many_messages_the_newest_are_shown(
    confluence: RecordingConfluence,
) -> None:
    for number in range(40):
        confluence.exchanges.record(
            kind="rest", direction="from-app", method="GET", url=f"http://x/{number}"
        )
    shown = transcript(confluence.exchanges.all())
    assert "(the first 10 are left out)" in shown
    assert "GET /10 " in shown and "GET /9 " not in shown and "GET /39 " in shown


def test_as_user_lasts_until_the_block_ends(
    confluence: RecordingConfluence,
) -> None:
    with confluence.as_user("user") as user:
        assert confluence.site.user is user
        assert user.display_name == "Uma User"
    assert confluence.site.user.name == "admin"


def test_as_user_lasts_until_the_reset(confluence: RecordingConfluence) -> None:
    confluence.as_user("anonymous")
    assert confluence.site.user.name == "anonymous"
    confluence.reset()
    assert confluence.site.user.name == "admin"


def test_an_unknown_user_is_refused(confluence: RecordingConfluence) -> None:
    with pytest.raises(ValueError, match="no user 'eve': write one of admin, "):
        confluence.as_user("eve")


def test_a_second_site_has_the_same_app(
    confluence: RecordingConfluence, installed: FakeApp
) -> None:
    second = confluence.start_second_site()
    first_key = confluence.site.get(Installations).find(APP_KEY)
    second_key = second.get(Installations).find(APP_KEY)
    assert first_key is not None and second_key is not None
    assert first_key.client_key != second_key.client_key
    installed.answers["installed"] = 500
    with pytest.raises(MessageError, match=r"code 500[\s\S]*POST /installed  500"):
        confluence.start_second_site()
