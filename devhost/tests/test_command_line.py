"""The command line of ``python -m devhost``: messages and exit codes."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from devhost.__main__ import main
from devhost.options import parse_arguments
from devhost.site.state import State
from tests.fake_app import DESCRIPTOR, FakeApp

DEVHOST = [sys.executable, "-m", "devhost"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3"


@pytest.fixture
def lone_app() -> Iterator[FakeApp]:
    with FakeApp() as app:
        yield app


def run(*arguments: object) -> tuple[int, str]:
    """Run to the end; return the exit code and the text on stderr."""
    done = subprocess.run(
        [*DEVHOST, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


def run_here(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Do the same in this process, without its log."""
    code = main([str(each) for each in arguments])
    return code, capsys.readouterr().err


def test_help_says_why_it_listens_on_loopback_only() -> None:
    done = subprocess.run(
        [*DEVHOST, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    text = " ".join(done.stdout.split())
    assert "loopback only" in text
    assert "admin:admin" in text
    for option in ("--app", "--port", "--product", "--fresh", "--state"):
        assert option in text
    assert "Exit code: 0" in text


def test_a_wrong_option_ends_it_with_code_2_and_no_traceback() -> None:
    code, said = run("--host=192.0.2.1")
    assert code == 2
    assert "It listens on loopback only" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--host=192.0.2.1"], "It listens on loopback only"),
        (["--host", "::"], "It listens on loopback only"),
        (["--bind", "::"], "It listens on loopback only"),
        (["--product", "bitbucket"], "choose from 'confluence', 'jira'"),
        (["--port", "70000"], "a port is a number from 1 to 65535"),
        (["--app", "localhost:8080"], "write one such as http://127.0.0.1:8080"),
        (["--app", "http://["], "write one such as http://127.0.0.1:8080"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_option_is_explained(
    capsys: pytest.CaptureFixture[str], option: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as end_of_it:
        parse_arguments(option)
    assert end_of_it.value.code == 2
    assert message in capsys.readouterr().err


def test_a_port_in_use_is_named_and_the_state_left_alone(state: Path) -> None:
    State(state).close()
    before = state.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = run("--port", port, "--state", state, "--fresh")
    assert (code, said) == (
        1,
        f"devhost: cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Stop the program that uses it, or choose another port with --port.\n",
    )
    assert state.read_bytes() == before


def text_file(path: Path) -> None:
    path.write_text("dear diary, " * 100)


def directory(path: Path) -> None:
    path.mkdir()


def another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE customer (name TEXT)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (text_file, "it is not an SQLite file"),
        (directory, "it is a directory"),
        (another_database, "it is the database of another program"),
    ],
)
@pytest.mark.parametrize("fresh", [[], ["--fresh"]])
def test_a_file_of_another_program_is_left_alone(
    port: int,
    state: Path,
    capsys: pytest.CaptureFixture[str],
    make: Any,
    message: str,
    fresh: list[str],
) -> None:
    make(state)
    code, said = run_here(capsys, "--port", port, "--state", state, *fresh)
    expected = (
        f"devhost: cannot use the state file {state}: {message}; "
        "choose another with --state\n"
    )
    assert (code, said) == (1, expected)
    assert state.exists()


def damaged(path: Path) -> str:
    State(path).close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    return "database disk image is malformed"


def of_another_version(path: Path) -> str:
    State(path).close()
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA user_version = 99")
    return "it has schema version 99, this program has"


def of_another_product(path: Path) -> str:
    State(path, "jira").close()
    return "it holds a site of jira, not of confluence"


@pytest.mark.parametrize("make", [damaged, of_another_version, of_another_product])
def test_an_incompatible_state_can_be_discarded(
    port: int, state: Path, capsys: pytest.CaptureFixture[str], make: Any
) -> None:
    message = make(state)
    code, said = run_here(capsys, "--port", port, "--state", state)
    assert code == 1
    assert f"cannot use the state file {state}: {message}" in said
    assert "choose another with --state, or start over with --fresh" in said
    # It gets past the state, to an app that is missing.
    options = ["--port", port, "--state", state, "--app", "http://127.0.0.1:1"]
    code, said = run_here(capsys, *options, "--fresh")
    assert code == 1
    assert "cannot use the state file" not in said
    assert "cannot install the app at http://127.0.0.1:1" in said


def test_a_state_file_that_cannot_be_written_is_named(
    port: int, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state.write_text("a file where a directory is needed")
    below = state / "deeper" / "state"
    code, said = run_here(capsys, "--port", port, "--state", below)
    assert code == 1
    assert f"cannot use the state file {below}: Not a directory" in said


def test_an_unreachable_app_is_named(port: int, state: Path) -> None:
    app = "http://127.0.0.1:1"
    code, said = run("--port", port, "--state", state, "--app", app)
    assert code == 1
    assert f"devhost: cannot install the app at {app}: Cannot fetch" in said
    assert "Is the app running there?" in said
    assert "Traceback" not in said


def test_a_bad_descriptor_is_refused_with_every_place_and_what_to_write(
    port: int, state: Path, capsys: pytest.CaptureFixture[str], lone_app: FakeApp
) -> None:
    page = {**DESCRIPTOR["modules"]["generalPages"][0], "key": "not a key"}
    lone_app.descriptor |= {"modules": {"generalPages": [page]}, "scopes": ["READY"]}
    options = ["--port", port, "--state", state, "--app", lone_app.base_url]
    code, said = run_here(capsys, *options)
    assert code == 1
    assert "modules.generalPages[0].key: must match ^[a-zA-Z0-9-]+$" in said
    assert "scopes: unknown scope 'READY'; known: " in said


def test_the_address_of_the_descriptor_is_accepted(
    port: int, state: Path, capsys: pytest.CaptureFixture[str], lone_app: FakeApp
) -> None:
    lone_app.descriptor["key"] = "!"
    options = ["--port", port, "--state", state, "--app", lone_app.descriptor_url]
    code, said = run_here(capsys, *options)
    assert code == 1
    assert f"cannot install the app at {lone_app.base_url}: The app descriptor" in said


def start(port: int, state: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DEVHOST, "--port", str(port), "--state", str(state), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    try:
        output, errors = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        # Python's fault handler prints every thread's stack.
        process.send_signal(signal.SIGABRT)
        output, errors = process.communicate()
    return process.returncode, output, errors


@pytest.mark.parametrize("product", ["confluence", "jira"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_silently(
    port: int, state: Path, product: str, number: signal.Signals
) -> None:
    process = start(port, state, "--product", product)
    assert process.stdout is not None
    page = f"http://localhost:{port}/" + ("wiki/" if product == "confluence" else "")
    assert process.stdout.readline() == f"Open {page}\n"
    # A browser keeps connections open, and one request is half sent.
    with socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: local")
        code, output, errors = end(process, number)
    assert (code, output) == (0, "")
    lines = [line for line in errors.splitlines() if not line.startswith(product)]
    assert lines == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_the_app_does_not_answer(
    port: int, state: Path, lone_app: FakeApp, number: signal.Signals
) -> None:
    lone_app.key_server = f"http://localhost:{port}/install-keys"
    lone_app.hanging = "installed"
    process = start(port, state, "--app", lone_app.base_url)
    ready = f"http://localhost:{port}/devhost/api/ready"
    wait_until_answered(ready, process)
    assert requests.get(ready, timeout=30).status_code == 503
    code, output, errors = end(process, number)
    lone_app.go_on.set()
    assert (code, output) == (0, "")
    assert "Traceback" not in errors


def wait_until_answered(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(url, timeout=30)
        except requests.ConnectionError:
            continue
        return
    raise AssertionError(f"{url} did not answer")
