"""A stop of the host: it ends requests in progress without an entry in the log."""

import logging
import threading

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.installations import Installations
from devhost.site.state import StateClosedError
from tests.fake_app import serve_app


def failures(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [
        each
        for each in caplog.records
        if each.name == "devhost" and each.levelno >= logging.ERROR
    ]


def test_a_request_during_the_stop_gets_503(
    caplog: pytest.LogCaptureFixture,
) -> None:
    confluence = LocalConfluence()
    confluence.stop()
    client = confluence.web.test_client()
    host = {"Host": f"localhost:{confluence.port}"}
    for path in ("/wiki/", "/wiki/rest/api/content", "/devhost/"):
        answer = client.get(path, headers=host)
        assert (answer.status_code, answer.text) == (503, "The host is stopping.\n")
    assert failures(caplog) == []


def test_an_installation_during_the_stop_is_not_logged_as_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    confluence = LocalConfluence().start()
    with serve_app(confluence) as app:
        app.hanging = "installed"
        root = f"{confluence.base_url}/rest/plugins/1.0/"
        admin = ("admin", "admin")
        token = requests.get(root, auth=admin, timeout=30).headers["upm-token"]
        before = set(threading.enumerate())
        accepted = requests.post(
            f"{root}?token={token}",
            json={"pluginUri": app.descriptor_url},
            headers={"Content-Type": "application/vnd.atl.plugins.install.uri+json"},
            auth=admin,
            timeout=30,
        )
        assert accepted.status_code == 202
        installers = [
            each
            for each in set(threading.enumerate()) - before
            if each.name.endswith("(_run)")
        ]
        # It has got as far as the app.
        assert confluence.exchanges.wait_for(kind="install-key", seconds=30)
        confluence.stop()
        app.go_on.set()
        for thread in installers:
            thread.join(30)
            assert not thread.is_alive()
    assert failures(caplog) == []


def test_a_stopped_state_raises_its_own_error() -> None:
    confluence = LocalConfluence()
    confluence.stop()
    with pytest.raises(StateClosedError, match="stopped"):
        confluence.site.get(Installations).all()
