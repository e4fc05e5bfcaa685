"""Signals reach every subscriber, even if one fails."""

from typing import Any

import pytest
from flask import Flask

from app.connect.tenants import signals
from app.connect.tenants.signals import (
    notify,
    tenant_disabled,
    tenant_enabled,
    tenant_installed,
    tenant_purged,
    tenant_uninstalled,
)

ALL = (
    *(tenant_installed, tenant_uninstalled, tenant_enabled),
    *(tenant_disabled, tenant_purged),
)


@pytest.mark.parametrize("signal", ALL, ids=lambda signal: signal.name)
def test_a_signal_is_sent_by_the_app(
    app: Flask, app_context: None, signal: Any
) -> None:
    heard = []

    def listen(sender: Flask, **about: Any) -> None:
        heard.append((sender, about))

    with signal.connected_to(listen):
        notify(signal, a=1)
    notify(signal, a=2)
    assert heard == [(app, {"a": 1})]
    assert heard[0][0] is app


def test_the_signals_differ() -> None:
    assert len({signal.name for signal in ALL}) == len(ALL)


def test_a_subscriber_gets_signals_only_of_its_own_app(
    app: Flask, app_context: None
) -> None:
    heard = []

    def listen(sender: Flask, **about: Any) -> None:
        heard.append(about)

    with tenant_purged.connected_to(listen, sender=Flask("another")):
        notify(tenant_purged, a=1)
    with tenant_purged.connected_to(listen, sender=app):
        notify(tenant_purged, a=2)
    assert heard == [{"a": 2}]


def test_a_failing_subscriber_is_logged_and_the_others_are_called(
    app_context: None, caplog: pytest.LogCaptureFixture
) -> None:
    heard = []

    def broken(sender: Flask, **about: Any) -> None:
        raise ZeroDivisionError("canary")

    def first(sender: Flask, **about: Any) -> None:
        heard.append("first")

    def last(sender: Flask, **about: Any) -> None:
        heard.append("last")

    with (
        tenant_enabled.connected_to(first),
        tenant_enabled.connected_to(broken),
        tenant_enabled.connected_to(last),
    ):
        notify(tenant_enabled, tenant=None)
    assert sorted(heard) == ["first", "last"]
    (record,) = [r for r in caplog.records if r.name == signals.__name__]
    assert record.getMessage() == "a subscriber of tenant-enabled failed"
    assert record.exc_info is not None
    assert "raise ZeroDivisionError" in caplog.text
    assert caplog.text.endswith("\nZeroDivisionError\n")
