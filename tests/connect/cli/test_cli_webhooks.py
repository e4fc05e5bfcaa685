"""``flask connect webhooks``: list, show, replay and purge deliveries."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.connect.db.columns import utc_now
from app.connect.webhooks.archive import BATCH, Filter
from app.connect.webhooks.inbox import record
from app.connect.webhooks.models import DeliveryState, Status
from app.connect.webhooks.payload import Payload
from app.connect.webhooks.state import WebhooksState
from app.extensions import db
from tests.connect.cli.commands import NEW_KEY, connect, with_keys
from tests.connect.conftest import Told

PAYLOAD = Payload('{"page": {"title": "Canary"}}', "account", {"space": "DS"})


def webhooks(app: Flask) -> WebhooksState:
    state: WebhooksState = app.extensions["connect.webhooks"]
    return state


def store(app: Flask, name: str, client_key: str = "one", **columns: Any) -> int:
    with app.app_context():
        kept = webhooks(app).inbox.receive(
            client_key, "page_created", fingerprint=name, payload=PAYLOAD
        )
        assert kept is not None
        with db.engine.begin() as connection:
            this = update(record).where(record.c.id == kept)
            connection.execute(this.values({"status": "received", **columns}))
    return kept


def state(app: Flask, delivery_id: int) -> DeliveryState | None:
    with app.app_context():
        return webhooks(app).archive.find(delivery_id)


def days_ago(days: float) -> Any:
    return utc_now() - timedelta(days=days)


@pytest.fixture
def inbox_of_four(app: Flask) -> list[int]:
    return [
        store(app, "a", status="done", received_at=days_ago(8)),
        store(app, "b", status="parked", error="ValueError", received_at=days_ago(1)),
        store(app, "c", "two", status="dropped", payload="", event="page_moved"),
        store(app, "d", status="running", lease="mine"),
    ]


def listed(app: Flask, *options: str) -> list[int]:
    done = connect(app, "webhooks", "list", "--json", *options)
    assert done.exit_code == 0, done.output
    assert "Canary" not in done.output
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


def test_the_list_shows_the_newest_first_and_no_bodies(
    app: Flask, inbox_of_four: list[int]
) -> None:
    done = connect(app, "webhooks", "list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [int(line.split()[0]) for line in lines] == inbox_of_four[::-1]
    assert lines[2].endswith("page_created             one  ValueError")
    assert "Canary" not in done.output


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), [3, 2, 1, 0]),
        (("--tenant", "two"), [2]),
        (("--event", "page_moved"), [2]),
        (("--status", "parked"), [1]),
        (("--status", "parked", "--status", "done"), [1, 0]),
        (("--since", "2d"), [3, 2, 1]),
        (("--since", "90m"), [3, 2]),
        (("--until", "2d"), [0]),
        (("--since", "2026-01-01", "--limit", "2"), [3, 2]),
        (("--since", "2026-01-01T00:00+02:00"), [3, 2, 1, 0]),
        (("--tenant", "nobody"), []),
    ],
)
def test_the_list_can_be_filtered(
    app: Flask, inbox_of_four: list[int], options: tuple[str, ...], found: list[int]
) -> None:
    assert listed(app, *options) == [inbox_of_four[index] for index in found]


def test_an_empty_list_says_so(app: Flask) -> None:
    done = connect(app, "webhooks", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "no such deliveries\n"


@pytest.mark.parametrize("since", ["yesterday", "999999999d", "2026-13-01", "1w"])
def test_a_malformed_time_is_named_with_its_remedy(app: Flask, since: str) -> None:
    done = connect(app, "webhooks", "list", "--since", since)
    assert done.exit_code == 2
    assert "write e.g. 90m" in " ".join(done.stderr.split())


def test_a_long_list_is_shown_and_purged_whole(app: Flask) -> None:
    count = BATCH + 3
    for number in range(count):
        store(app, str(number))
    assert len(listed(app)) == count
    assert len(listed(app, "--limit", str(BATCH + 1))) == BATCH + 1
    assert len(listed(app, "--limit", str(BATCH))) == BATCH
    done = connect(app, "webhooks", "purge", "--status", "received", "--yes")
    assert f"{count} purged" in done.stderr
    assert listed(app) == []


def test_a_delivery_is_shown_without_its_body(
    app: Flask, inbox_of_four: list[int]
) -> None:
    done = connect(app, "webhooks", "show", str(inbox_of_four[1]))
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert (shown["status"], shown["error"]) == ("parked", "ValueError")
    assert "Canary" not in done.stdout


def test_the_body_is_shown_on_request(app: Flask, inbox_of_four: list[int]) -> None:
    shown = [
        json.loads(connect(app, "webhooks", "show", "--body", str(delivery)).stdout)
        for delivery in inbox_of_four[1:3]
    ]
    assert shown[0]["body"] == {"page": {"title": "Canary"}}
    assert (shown[0]["account_id"], shown[0]["context"]) == ("account", {"space": "DS"})
    assert shown[1]["body"] is None


def test_a_body_that_no_key_decrypts_is_said_to_be_so(
    config: dict[str, Any], app: Flask
) -> None:
    kept = store(app, "a")
    done = connect(with_keys(config, NEW_KEY), "webhooks", "show", "--body", str(kept))
    assert done.exit_code == 1
    assert "CONNECT_ENCRYPTION_KEYS" in done.stderr


def test_an_unknown_delivery_is_said_to_be_unknown(app: Flask) -> None:
    done = connect(app, "webhooks", "show", "77")
    assert done.exit_code == 1
    assert "there is no delivery 77" in done.stderr


def test_a_replayed_delivery_starts_from_its_first_attempt(
    app: Flask, inbox_of_four: list[int], told: Told
) -> None:
    parked = inbox_of_four[1]
    done = connect(app, "webhooks", "replay", str(parked))
    assert done.exit_code == 0
    assert "1 of 1 will be run again" in done.stderr
    again = state(app, parked)
    assert again is not None
    assert (again.status, again.attempts, again.error) == (Status.RECEIVED, 0, None)
    assert told() == [("connect.run_webhook", [parked])]


def test_running_and_erased_deliveries_are_not_replayed(
    app: Flask, inbox_of_four: list[int], told: Told
) -> None:
    done = connect(app, "webhooks", "replay", "--since", "30d")
    assert "2 of 4 will be run again" in done.stderr
    states = [state(app, delivery) for delivery in inbox_of_four]
    assert [found and found.status for found in states] == [
        "received",
        "received",
        "dropped",
        "running",
    ]
    assert len(told()) == 1, "one message wakes the workers, who look for all"


def test_nothing_is_replayed_without_saying_what(
    app: Flask, inbox_of_four: list[int], told: Told
) -> None:
    done = connect(app, "webhooks", "replay")
    assert done.exit_code == 2
    assert "--status parked" in done.stderr
    assert told() == []


def test_a_replay_while_the_broker_is_down_is_left_to_the_sweeper(
    app: Flask, inbox_of_four: list[int], broken_broker: None
) -> None:
    done = connect(app, "webhooks", "replay", str(inbox_of_four[0]))
    assert done.exit_code == 0
    assert "the next sweep will run them" in done.stderr
    replayed = state(app, inbox_of_four[0])
    assert replayed is not None
    assert replayed.status == "received"


def test_deliveries_past_their_retention_time_are_purged(
    app: Flask, inbox_of_four: list[int]
) -> None:
    dry = connect(app, "webhooks", "purge", "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "1 would be purged\n")
    assert state(app, inbox_of_four[0]) is not None
    done = connect(app, "webhooks", "purge")
    assert done.exit_code == 0
    assert "1 purged" in done.stderr
    assert state(app, inbox_of_four[0]) is None
    assert listed(app) == inbox_of_four[:0:-1]


def test_a_filter_says_what_is_purged(app: Flask, inbox_of_four: list[int]) -> None:
    assert connect(app, "webhooks", "purge", "--tenant", "one").exit_code == 0
    assert listed(app) == [inbox_of_four[3], inbox_of_four[2]]


@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
def test_unfinished_deliveries_are_purged_after_confirmation(
    app: Flask, answer: str, left: int
) -> None:
    store(app, "a")
    done = app.test_cli_runner().invoke(
        args=["connect", "webhooks", "purge", "--status", "received"], input=answer
    )
    assert done.exit_code == left
    assert len(listed(app)) == left


def test_running_deliveries_are_not_purged(
    app: Flask, inbox_of_four: list[int]
) -> None:
    done = connect(app, "webhooks", "purge", "--status", "running", "--yes")
    assert "0 purged" in done.stderr
    assert state(app, inbox_of_four[3]) is not None


def test_the_old_key_can_be_dropped_after_a_rotation(
    config: dict[str, Any], app: Flask, inbox_of_four: list[int]
) -> None:
    old_key = config["CONNECT_ENCRYPTION_KEYS"]
    done = connect(with_keys(config, NEW_KEY, old_key), "rotate-keys")
    assert done.exit_code == 0
    assert "0 tenants and 4 webhooks encrypted" in done.stderr
    new_app = with_keys(config, NEW_KEY)
    with new_app.app_context():
        archive = webhooks(new_app).archive
        assert archive.read(inbox_of_four[0]) == PAYLOAD
        assert archive.read(inbox_of_four[2]) is None
        assert archive.count(Filter()) == 4
