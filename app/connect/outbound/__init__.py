"""Outbound calls: the client of a tenant's host, its resources, and impersonation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from ..http.bounded_session import BoundedSession
from ..tenants.models import Tenant
from ..tenants.signals import app_policy_changed
from ..tenants.state import get_state
from .access_rules.checks import CallRules
from .access_rules.policy_cache import PolicyCache
from .impersonation.access_tokens import AccessTokens
from .recorder import FILE_NAME, CallRecorder
from .retry import CallRetries
from .state import EXTENSION, OutboundState
from .throttle import Throttle


def init_app(app: Flask, descriptor: Mapping[str, Any]) -> None:
    """Set up the state on *app* that all calls to hosts share.

    Reads CONNECT_OAUTH_SERVER, CONNECT_REQUEST_WAIT_SECONDS, CONNECT_RECORD_CALLS
    and CONNECT_DATA_POLICY_CACHE_SECONDS from ``app.config``.
    """
    settings, session = app.config, BoundedSession()
    policies = PolicyCache(settings["CONNECT_DATA_POLICY_CACHE_SECONDS"])
    recorder = None
    if settings["CONNECT_RECORD_CALLS"]:
        recorder = CallRecorder(Path(app.instance_path) / FILE_NAME)
    app.extensions[EXTENSION] = OutboundState(
        app_key=descriptor["key"],
        session=session,
        retries=CallRetries(settings["CONNECT_REQUEST_WAIT_SECONDS"]),
        throttle=Throttle(),
        rules=CallRules(
            descriptor.get("scopes", []), policies=policies, recorder=recorder
        ),
        policies=policies,
        tokens=AccessTokens(
            get_state(app).tenants,
            server=settings["CONNECT_OAUTH_SERVER"],
            session=session,
        ),
    )

    def forget(_app: Flask, tenant: Tenant) -> None:
        policies.forget(tenant.client_key)

    app_policy_changed.connect(forget, sender=app, weak=False)
