"""``flask connect scopes`` and ``access``: recorded calls against the descriptor."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.connect.outbound.recorder import FILE_NAME
from app.extensions import db
from tests.connect.cli.commands import connect
from tests.example import create_app

READ_PAGE = "GET /api/v2/pages/{id}"
READ_SPACE = "GET /api/v2/spaces/{id}"
WRITE_PAGE = "PUT /api/v2/pages/{id}"
DELETE_PAGE = "DELETE /api/v2/pages/{id}"
PROPERTY = "GET /rest/atlassian-connect/1/addons/{addonKey}/properties/{propertyKey}"
EMAIL = "GET /rest/api/user/email"
AUDIT = "GET /rest/api/audit"
UNKNOWN = "GET /rest/..."


@pytest.fixture
def app(config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """The app with its own directory, and without webhooks."""
    app = create_app(config)
    app.instance_path = str(tmp_path)
    app.extensions["connect.descriptor"]["modules"].pop("webhooks")
    yield app
    with app.app_context():
        db.engine.dispose()


def given(app: Flask, *calls: str, declared: tuple[str, ...] = ("READ",)) -> None:
    app.extensions["connect.descriptor"]["scopes"] = list(declared)
    text = "".join(f"{call}\n" for call in calls)
    (Path(app.instance_path) / FILE_NAME).write_text(text, encoding="utf-8")


def asked(app: Flask) -> tuple[int, dict[str, Any]]:
    done = connect(app, "scopes", "--json")
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("command", ["scopes", "access"])
def test_without_recorded_calls_it_says_how_to_record(app: Flask, command: str) -> None:
    done = connect(app, command)
    assert done.exit_code == 0
    assert "Set CONNECT_RECORD_CALLS=yes" in done.output


def test_the_declared_scopes_are_shown_without_recorded_calls(app: Flask) -> None:
    assert connect(app, "scopes").output.startswith("declared: READ\n")
    code, report = asked(app)
    assert code == 0
    assert report == {
        "declared": ["READ"],
        "needed": [],
        "missing": [],
        "too_much": [],
        "inaccessible": [],
        "calls": [],
    }


@pytest.mark.parametrize("command", ["scopes", "access"])
def test_the_commands_are_explained(app: Flask, command: str) -> None:
    done = connect(app, command, "--help")
    assert done.exit_code == 0
    assert "--json" in done.output
    assert "recorded" in done.output


def test_sufficient_scopes_exit_with_0(app: Flask) -> None:
    given(app, READ_PAGE, PROPERTY, UNKNOWN)
    done = connect(app, "scopes")
    assert done.exit_code == 0
    assert [line.split(maxsplit=1) for line in done.output.splitlines()] == [
        ["declared:", "READ"],
        ["READ", READ_PAGE],
        ["unknown", UNKNOWN],
        ["NONE", PROPERTY],
    ]


def test_a_missing_scope_exits_with_1(app: Flask) -> None:
    given(app, READ_PAGE, WRITE_PAGE, DELETE_PAGE)
    done = connect(app, "scopes")
    assert done.exit_code == 1
    assert f"{DELETE_PAGE}  <- not granted\n" in done.output
    assert f"{READ_PAGE}  <-" not in done.output
    assert 'missing: DELETE. Write "scopes": ["DELETE"] into' in done.output


@pytest.mark.parametrize(
    ("declared", "calls", "missing", "too_much"),
    [
        pytest.param(["READ"], [READ_PAGE], [], [], id="fits"),
        pytest.param(["read"], [READ_PAGE], [], [], id="fits in lower case"),
        pytest.param([], [READ_PAGE], ["READ"], [], id="none declared"),
        pytest.param(["READ"], [PROPERTY], [], ["READ"], id="only properties"),
        pytest.param(["READ"], [WRITE_PAGE], ["WRITE"], [], id="missing"),
        pytest.param(["ADMIN"], [WRITE_PAGE], [], ["ADMIN"], id="too much"),
        pytest.param(
            ["READ", "DELETE"], [WRITE_PAGE], [], ["DELETE"], id="implied is not"
        ),
        pytest.param(
            ["ADMIN"], [EMAIL], ["ACCESS_EMAIL_ADDRESSES"], ["ADMIN"], id="standalone"
        ),
        pytest.param(
            ["READ", "ACCESS_EMAIL_ADDRESSES"],
            [READ_PAGE],
            [],
            ["ACCESS_EMAIL_ADDRESSES"],
            id="no addresses asked for",
        ),
        pytest.param(["READ", "ACT_AS_USER"], [READ_PAGE], [], [], id="acting as user"),
        pytest.param(["WRITE"], [], [], [], id="nothing recorded"),
    ],
)
def test_declared_and_needed_are_compared(
    app: Flask,
    declared: list[str],
    calls: list[str],
    missing: list[str],
    too_much: list[str],
) -> None:
    given(app, *calls, declared=tuple(declared))
    code, report = asked(app)
    assert (report["missing"], report["too_much"]) == (missing, too_much)
    assert code == bool(missing)


def test_the_suggestion_keeps_what_is_not_judged(app: Flask) -> None:
    given(app, WRITE_PAGE, declared=("ADMIN", "ACT_AS_USER"))
    done = connect(app, "scopes")
    assert done.exit_code == 0
    assert "too much: ADMIN. Unless your pages use it" in done.output
    assert 'write "scopes": ["WRITE", "ACT_AS_USER"]' in done.output


def test_a_descriptor_with_webhooks_needs_read(app: Flask) -> None:
    given(app, PROPERTY)
    modules = app.extensions["connect.descriptor"]["modules"]
    modules["webhooks"] = [{"event": "page_created", "url": "/webhooks/page_created"}]
    assert asked(app)[1]["too_much"] == []
    given(app, PROPERTY, declared=())
    assert asked(app) == (1, asked(app)[1] | {"missing": ["READ"]})


def test_a_call_closed_to_all_apps_exits_with_1(app: Flask) -> None:
    given(app, AUDIT, declared=("READ", "ADMIN"))
    code, report = asked(app)
    assert (code, report["inaccessible"], report["missing"]) == (1, [AUDIT], [])
    assert f"{AUDIT} is closed to Connect apps" in connect(app, "scopes").output


def test_each_call_is_listed_as_json(app: Flask) -> None:
    given(app, WRITE_PAGE, UNKNOWN)
    assert asked(app)[1]["calls"] == [
        {
            "method": "PUT",
            "path": "/api/v2/pages/{id}",
            "scope": "WRITE",
            "granted": False,
        },
        {"method": "GET", "path": "/rest/...", "scope": None, "granted": True},
    ]


def test_access_lists_first_what_a_rule_can_block(app: Flask) -> None:
    given(app, READ_SPACE, UNKNOWN, WRITE_PAGE, READ_PAGE)
    done = connect(app, "access")
    assert done.exit_code == 0
    assert [line.split(maxsplit=1) for line in done.stdout.splitlines()] == [
        ["blocked", READ_PAGE],
        ["blocked", WRITE_PAGE],
        ["unknown", UNKNOWN],
        ["exempt", READ_SPACE],
    ]
    assert done.stderr == "2 of 4 can be blocked\n"


def test_access_is_listed_as_json(app: Flask) -> None:
    given(app, READ_PAGE)
    [line] = connect(app, "access", "--json").output.splitlines()
    assert json.loads(line) == {
        "method": "GET",
        "path": "/api/v2/pages/{id}",
        "scope": "READ",
        "access_rule": "blocked",
    }


def test_a_file_that_cannot_be_read_is_named(app: Flask) -> None:
    (Path(app.instance_path) / FILE_NAME).mkdir()
    done = connect(app, "access")
    assert done.exit_code == 1
    assert f"{FILE_NAME} can't be read: Is a directory" in done.output
