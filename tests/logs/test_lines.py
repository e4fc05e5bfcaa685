"""Log lines: their fields, and what strangers can't do to them."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import shared_task
from flask import Flask
from flask.testing import FlaskClient

from app.connect import acting_for
from app.connect.tenants.models import Tenant
from app.logs.lines import AddContext, JSONLines, TextLines, prepare
from tests import signing

TIME = datetime(2026, 11, 21, 12, 0, 0, 7000, tzinfo=UTC).timestamp()
START = "2026-11-21T12:00:00.007Z"
TOKEN = signing.host_token()
NASTY = "a\n2026-11-21T12:00:00.007Z ERROR app - - forged\r\x1b[2J\x9b\u2028\ud800"


def record(message: str, *args: Any, name: str = "app.pages", **more: Any) -> Any:
    made = logging.makeLogRecord(
        {
            "name": name,
            "levelname": "INFO",
            "msg": message,
            "args": args,
            "created": TIME,
            **more,
        }
    )
    AddContext().filter(made)
    return made


def text(*args: Any, **more: Any) -> str:
    return TextLines().format(record(*args, **more))


def parsed(*args: Any, **more: Any) -> dict[str, Any]:
    line = JSONLines().format(record(*args, **more))
    assert line.isascii()
    assert "\n" not in line
    read: dict[str, Any] = json.loads(line)
    return read


def raised(error: Exception) -> Any:
    try:
        raise error
    except Exception:
        return sys.exc_info()


def test_a_line_has_time_level_logger_request_and_tenant() -> None:
    assert text("%s pages", 3) == "2026-11-21T12:00:00.007Z INFO app.pages - - 3 pages"
    more = {"request_id": "r-1", "client_key": "site"}
    assert text("hello", **more).endswith(" INFO app.pages r-1 site hello")


def test_a_json_line_has_the_same_and_what_the_author_adds() -> None:
    assert parsed("%s pages", 3, pages=3, when=datetime(2026, 1, 1)) == {
        "time": "2026-11-21T12:00:00.007Z",
        "level": "INFO",
        "logger": "app.pages",
        "request_id": None,
        "client_key": None,
        "message": "3 pages",
        "pages": 3,
        "when": "2026-01-01 00:00:00",
    }
    more = {"request_id": "r-1", "client_key": "site"}
    line = parsed("hello", level="forged", time="forged", **more)
    assert (line["request_id"], line["client_key"]) == ("r-1", "site")
    assert (line["level"], line["time"]) == ("INFO", "2026-11-21T12:00:00.007Z")


@pytest.mark.parametrize("place", ["message", "argument", "exception", "stack"])
def test_no_line_can_be_forged(place: str) -> None:
    line = {
        "message": lambda: text(NASTY),
        "argument": lambda: text("%s", NASTY),
        "exception": lambda: text("failed", exc_info=raised(ValueError(NASTY))),
        "stack": lambda: text("here", stack_info=f"Stack:\n{NASTY}"),
    }[place]()
    first, *rest = line.split("\n")
    assert first.startswith("2026-11-21T12:00:00.007Z INFO app.pages - - ")
    assert rest
    assert all(more.startswith("    ") for more in rest)
    assert line.replace("\n", "").isprintable()
    assert "\\r\\x1b[2J\\x9b\\u2028\\ud800" in line


def test_no_field_can_be_forged() -> None:
    line = text("hello", request_id="r", client_key="x - installed\n", name="a b")
    assert line.endswith(r" INFO 'a b' r 'x - installed\n' hello")


def test_no_json_can_be_injected() -> None:
    nasty = '", "level": "CRITICAL", "x": "' + NASTY
    error = raised(ValueError(nasty))
    line = parsed(nasty, client_key=nasty, request_id=nasty, exc_info=error)
    assert line["level"] == "INFO"
    assert line["message"] == line["client_key"] == line["request_id"] == nasty
    assert nasty in line["traceback"]
    assert line.keys() == {
        *("time", "level", "logger", "request_id", "client_key"),
        *("message", "traceback"),
    }


@pytest.mark.parametrize(
    "message",
    [
        TOKEN,
        f"JWT {TOKEN}",
        f"GET /page?a=1&jwt={TOKEN}&b=2",
        f'/page?jwt="{TOKEN}"',
        f"/page?session_token={TOKEN}",
        "/page?session_token=.eJx-canary.aB.canary",
        "jwt=canary",
        "https://a.example/?access_token=canary\\",
    ],
)
def test_a_token_is_cut_out_whoever_logs_it(message: str) -> None:
    signature = TOKEN.rpartition(".")[2]
    for line in (
        text(message),
        text("%s", message),
        text("x", exc_info=raised(ValueError(message))),
        json.dumps(parsed(message, address=message)),
    ):
        assert signature not in line
        assert "canary" not in line
        assert "..." in line


@pytest.mark.parametrize(
    ("name", "message", "line"),
    [
        (
            "gunicorn.error",
            "Invalid request from ip=::1: Invalid HTTP request line: 'GET /é?jwt=c'",
            "Invalid request from ip=::1: Invalid HTTP request line: 'GET /é?...",
        ),
        (
            "werkzeug",
            '\x1b[33m::1 - - [t] "GET /x?a=b c HTTP/1.1" 404 -\x1b[0m\n',
            '::1 - - [t] "GET /x?... HTTP/1.1" 404 -',
        ),
        (
            "werkzeug",
            "code 400, message Bad request syntax ('GET /?a=secret')",
            "code 400, message Bad request syntax ('GET /?...",
        ),
        (
            "urllib3.connectionpool",
            'https://a:443 "GET /user?accountId=secret HTTP/1.1" 200 2',
            'https://a:443 "GET /user?... HTTP/1.1" 200 2',
        ),
        ("app.pages", "Why? Because.", "Why? Because."),
    ],
)
def test_what_servers_log_has_no_query(name: str, message: str, line: str) -> None:
    assert text(message, name=name) == f"{START} INFO {name} - - {line}"
    assert parsed("%s", message, name=name)["message"] == line
    error = raised(ValueError(message))
    assert "secret" not in text("x", name=name, exc_info=error)


def test_what_celery_adds_about_a_task_is_left_out_of_json() -> None:
    about = {"args": "('canary',)", "kwargs": "{}", "return_value": "None"}
    for name in ("celery.worker.strategy", "celery.app.trace"):
        assert "data" not in parsed("Task t received", name=name, data=about)
    assert parsed("mine", data=about)["data"] == about


class Lines(logging.Handler):
    """Keeps what it would have printed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Any:
    handler = Lines()
    logger = logging.getLogger("tests.lines")
    logger.addHandler(prepare(handler, "text"))
    logger.setLevel("INFO")
    yield handler.lines
    logger.removeHandler(handler)


def say(message: str) -> None:
    logging.getLogger("tests.lines").info(message)


def test_a_request_names_itself_and_its_tenant(
    app: Flask, client: FlaskClient, tenant: Tenant, lines: list[str]
) -> None:
    @app.before_request
    def before() -> None:
        say("before")

    @app.after_request
    def after(response: Any) -> Any:
        say("after")
        return response

    headers = signing.authorization(signing.host_token()) | {"X-Request-Id": "r-1"}
    assert client.get("/overview", headers=headers).status_code == 200
    say("outside")
    assert [line.partition(" INFO tests.lines ")[2] for line in lines] == [
        "r-1 - before",
        f"r-1 {tenant.client_key} after",
        "- - outside",
    ]


def test_a_task_names_itself_and_its_tenant(
    app: Flask, tenant: Tenant, lines: list[str]
) -> None:
    @shared_task(name="talk")
    def talk() -> None:
        with acting_for(tenant):
            say("working")

    talk.apply(task_id="task-1")
    assert lines[0].endswith(f" INFO tests.lines task-1 {tenant.client_key} working")
