"""An app with different scopes or licensing from the example's descriptor."""

from dataclasses import replace

from flask import Flask

from app.connect.outbound.access_rules.checks import CallRules
from app.connect.outbound.recorder import CallRecorder
from app.connect.outbound.state import EXTENSION
from app.connect.protocol.scopes import effective_scopes


def declare(app: Flask, *scopes: str, recorder: CallRecorder | None = None) -> None:
    """Make the app declare these scopes instead."""
    outbound = app.extensions[EXTENSION]
    rules = CallRules(scopes, policies=outbound.policies, recorder=recorder)
    app.extensions[EXTENSION] = replace(outbound, rules=rules)
    state = app.extensions["connect"]
    app.extensions["connect"] = replace(state, scopes=effective_scopes(scopes))


def enable_licensing(app: Flask) -> None:
    """Make the app a paid one."""
    app.extensions["connect"] = replace(app.extensions["connect"], paid=True)
