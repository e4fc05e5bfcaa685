"""An app with other scopes than the example's descriptor declares."""

from dataclasses import replace

from flask import Flask

from app.connect.outbound.access_rules.checks import CallRules
from app.connect.outbound.recorder import CallRecorder
from app.connect.protocol.scopes import effective_scopes


def declare(app: Flask, *scopes: str, recorder: CallRecorder | None = None) -> None:
    """Let the app declare these scopes instead."""
    policies = app.extensions["connect-data-policies"]
    rules = CallRules(scopes, policies=policies, recorder=recorder)
    app.extensions["connect-call-rules"] = rules
    state = app.extensions["connect"]
    app.extensions["connect"] = replace(state, scopes=effective_scopes(scopes))
