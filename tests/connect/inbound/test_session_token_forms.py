"""A form is bounded, and parsed only once its session token is known to be good."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from werkzeug.formparser import FormDataParser

from app.connect import session_token_required
from app.connect.inbound.session_token import MAX_FORM
from tests.connect.inbound.session_pages import started

URLENCODED = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record each form that is parsed."""
    found: list[str] = []
    parse = FormDataParser.parse

    def record(parser: Any, stream: Any, mimetype: str, *args: Any, **more: Any) -> Any:
        found.append(mimetype)
        return parse(parser, stream, mimetype, *args, **more)

    monkeypatch.setattr(FormDataParser, "parse", record)
    return found


@pytest.fixture
def forms(app: Flask, pages: FlaskClient) -> FlaskClient:
    """The pages with a view that reads a form, and one that takes a larger one."""

    def save() -> dict[str, Any]:
        files = [(name, len(file.read())) for name, file in request.files.items()]
        return {"note": request.form.get("note"), "files": files}

    app.add_url_rule("/save", "save", session_token_required(save), methods=["POST"])
    larger = session_token_required(max_form=MAX_FORM + 1)(save)
    app.add_url_rule("/larger", "larger", larger, methods=["POST"])
    return pages


@pytest.mark.parametrize("mimetype", [URLENCODED, PARTS])
def test_the_view_gets_the_whole_form(
    forms: FlaskClient, parsed: list[str], mimetype: str
) -> None:
    data = {"note": "a&b=c", "session_token": started(forms)}
    answer = forms.post("/save", data=data, content_type=mimetype)
    assert (answer.json, parsed) == ({"note": "a&b=c", "files": []}, [mimetype])


def test_the_view_gets_the_files(forms: FlaskClient) -> None:
    file = (BytesIO(b"12\r\n3"), "a.txt")
    data = {"note": "x", "session_token": started(forms), "file": file}
    answer = forms.post("/save", data=data)
    assert answer.json == {"note": "x", "files": [["file", 5]]}


@pytest.mark.parametrize("mimetype", [URLENCODED, PARTS, "text/plain"])
@pytest.mark.parametrize("token", [None, "bad", "bad.bad.bad"])
def test_a_strangers_form_is_not_parsed(
    forms: FlaskClient, parsed: list[str], mimetype: str, token: str | None
) -> None:
    data = {"note": "x"} | ({"session_token": token} if token else {})
    sent: Any = data if mimetype != "text/plain" else "session_token=x"
    answer = forms.post("/save", data=sent, content_type=mimetype)
    assert (answer.status_code, parsed) == (401, [])


def test_a_form_beside_a_token_in_the_header_is_not_looked_at(
    forms: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Authorization": f"Session {started(forms)}"}
    data = {"session_token": "x", "note": "y" * MAX_FORM}
    answer = forms.post("/save", data=data, headers=headers)
    assert answer.json == {"note": "y" * MAX_FORM, "files": []}
    monkeypatch.setattr("flask.Request.get_data", None)
    bad = {"Authorization": "Session bad"}
    assert forms.post("/save", data=data, headers=bad).status_code == 401


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/save", MAX_FORM, 200),
        ("/save", MAX_FORM + 1, 413),
        ("/larger", MAX_FORM + 1, 200),
        ("/larger", MAX_FORM + 2, 413),
    ],
)
def test_a_form_is_read_up_to_its_limit(
    forms: FlaskClient, path: str, length: int, status: int
) -> None:
    body = f"session_token={started(forms)}&note=".ljust(length, "x")
    answer = forms.post(path, data=body, content_type=URLENCODED)
    assert answer.status_code == status


@pytest.mark.parametrize("mimetype", [URLENCODED, f"{PARTS}; boundary=x"])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"CONTENT_LENGTH": str(MAX_FORM + 1)}, 413),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, 411),
    ],
)
def test_a_form_without_a_good_length_is_not_read(
    forms: FlaskClient, mimetype: str, changes: dict[str, Any], status: int
) -> None:
    # Reading None would fail.
    changes = {"wsgi.input": None, **changes}
    answer = forms.post("/save", content_type=mimetype, environ_overrides=changes)
    assert answer.status_code == status


def test_a_form_that_is_too_large_counts_as_refused(forms: FlaskClient) -> None:
    outcome = {"policy": "session token", "outcome": "RequestEntityTooLarge"}
    before = REGISTRY.get_sample_value("connect_requests_total", outcome) or 0
    forms.post("/save", data={"note": "x" * MAX_FORM})
    assert REGISTRY.get_sample_value("connect_requests_total", outcome) == before + 1


def test_the_limit_is_given_with_the_policy() -> None:
    def view() -> str:
        return ""

    decorate: Callable[..., Any] = session_token_required(max_form=1)
    with pytest.raises(TypeError, match="already declares a policy: session token"):
        decorate(session_token_required(view))
