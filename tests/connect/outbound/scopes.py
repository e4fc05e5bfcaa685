"""An app with other scopes than the example's descriptor declares."""

from flask import Flask

from app.connect.outbound.call_rules import CallRules
from app.connect.outbound.recorder import CallRecorder


def declare(app: Flask, *scopes: str, recorder: CallRecorder | None = None) -> None:
    """Let the app declare these scopes instead."""
    app.extensions["connect-call-rules"] = CallRules(
        scopes, policies=app.extensions["connect-data-policies"], recorder=recorder
    )
