"""Stopping with webhooks: at once, whatever an app does, and without leftovers."""

import threading
from pathlib import Path

import pytest

from devhost.server import LocalConfluence
from devhost.webhooks import sending
from devhost.webhooks.deliveries import STOPPED
from tests.webhook_app import (
    PATIENCE,
    add_page,
    delivered,
    hooks,
    install,
    serve,
)


def line_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if "webhooks" in each.name]


def test_an_idle_host_has_no_webhook_threads(confluence: LocalConfluence) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        add_page(confluence)
        delivered(confluence)
    for thread in line_threads():
        thread.join(PATIENCE)
    assert line_threads() == []


def test_a_hanging_app_does_not_keep_the_host_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUTS", (300, 300))
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 300)
    state = tmp_path / "state.sqlite3"
    confluence = LocalConfluence(state=state).start()
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        app.hanging = "page_created"
        add_page(confluence, "First")
        add_page(confluence, "Second")
        assert app.arrived.wait(PATIENCE)
        threads = line_threads()
        confluence.stop()
        # Interrupted: nothing waits for a timeout.
        assert threads
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        app.go_on.set()
    with LocalConfluence(state=state) as again:
        for delivery in again.webhooks.deliveries():
            assert (delivery.outcome, delivery.failure) == ("not-sent", STOPPED)
        assert len(again.webhooks.deliveries()) == 2
        assert len(app.events("page_created")) <= 1


def test_nothing_is_sent_after_the_stop(
    confluence: LocalConfluence,
) -> None:
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        confluence.webhooks.stop()
        add_page(confluence)
        assert confluence.webhooks.deliveries() == []
        (delivery,) = confluence.webhooks.announce("page_created", {})
        assert delivery.outcome == "not-sent"


def test_an_endless_answer_is_cut_off(
    confluence: LocalConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.2)
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        app.hanging = "page_created"
        add_page(confluence)
        (delivery,) = delivered(confluence)
        app.go_on.set()
    assert (delivery.outcome, delivery.failure) == ("failed", "timed out")


def test_a_reset_discards_waiting_deliveries(
    confluence: LocalConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUTS", (300, 300))
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        app.hanging = "page_created"
        add_page(confluence, "First")
        add_page(confluence, "Second")
        assert app.arrived.wait(PATIENCE)
        confluence.webhooks.assume(retries=2)
        confluence.reset()
        assert confluence.webhooks.deliveries() == []
        assert confluence.webhooks.settings.retries == 0
        app.hanging = ""
        app.go_on.set()
        install(confluence, app)
        add_page(confluence, "Third")
        (delivery,) = delivered(confluence)
    assert delivery.json["page"]["title"] == "Third"


def test_a_queue_has_a_limit(
    confluence: LocalConfluence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devhost.webhooks.lines.MOST_WAITING", 1)
    with serve(confluence, *hooks("page_created")) as app:
        install(confluence, app)
        app.hanging = "page_created"
        add_page(confluence, "First")
        assert app.arrived.wait(PATIENCE)
        add_page(confluence, "Second")
        add_page(confluence, "Third")
        third = confluence.webhooks.deliveries()[-1]
        app.go_on.set()
    assert third.outcome == "not-sent"
    assert "were waiting for this app already" in third.failure
