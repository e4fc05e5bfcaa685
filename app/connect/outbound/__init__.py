"""Outbound calls: the client of a tenant's host, its resources, and impersonation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from ..tenants.models import Tenant
from ..tenants.signals import app_policy_changed
from ..tenants.state import get_state
from .access_rules.checks import CallRules
from .access_rules.policy_cache import PolicyCache
from .host_calls import HostCalls
from .impersonation.access_tokens import AccessTokens
from .recorder import FILE_NAME, CallRecorder
from .request_time import RequestTime
from .retry import CallRetries
from .state import EXTENSION, OutboundState
from .throttle import Throttle


def init_app(app: Flask, descriptor: Mapping[str, Any]) -> None:
    """Set up the state on *app* that all calls to hosts share.

    Reads CONNECT_OAUTH_SERVER, CONNECT_REQUEST_WAIT_SECONDS, CONNECT_RECORD_CALLS
    and CONNECT_DATA_POLICY_CACHE_SECONDS from ``app.config``.
    """
    settings = app.config
    calls = HostCalls(RequestTime(settings["CONNECT_REQUEST_WAIT_SECONDS"]))
    policies = PolicyCache(settings["CONNECT_DATA_POLICY_CACHE_SECONDS"])
    recorder = None
    if settings["CONNECT_RECORD_CALLS"]:
        recorder = CallRecorder(Path(app.instance_path) / FILE_NAME)
    app.extensions[EXTENSION] = OutboundState(
        app_key=descriptor["key"],
        calls=calls,
        retries=CallRetries(calls.time),
        throttle=Throttle(),
        rules=CallRules(
            descriptor.get("scopes", []), policies=policies, recorder=recorder
        ),
        policies=policies,
        tokens=AccessTokens(
            get_state(app).tenants,
            server=settings["CONNECT_OAUTH_SERVER"],
            calls=calls,
        ),
    )

    def forget(_app: Flask, tenant: Tenant) -> None:
        policies.forget(tenant.client_key)

    app_policy_changed.connect(forget, sender=app, weak=False)
