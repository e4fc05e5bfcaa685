"""Outbound state: what all calls to hosts share, in ``app.extensions``."""

from dataclasses import dataclass
from typing import Final

from flask import current_app

from .access_rules.checks import CallRules
from .access_rules.policy_cache import PolicyCache
from .host_calls import HostCalls
from .impersonation.access_tokens import AccessTokens
from .retry import CallRetries
from .throttle import Throttle

EXTENSION: Final = "connect.outbound"


@dataclass(frozen=True, slots=True)
class OutboundState:
    """What all calls to hosts share."""

    app_key: str
    calls: HostCalls
    retries: CallRetries
    throttle: Throttle
    rules: CallRules
    policies: PolicyCache
    tokens: AccessTokens


def get_outbound() -> OutboundState:
    """Return the outbound state of the current app."""
    state: OutboundState = current_app.extensions[EXTENSION]
    return state
