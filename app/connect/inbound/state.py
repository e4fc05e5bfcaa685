"""The state of ``inbound`` for one app, in ``app.extensions["connect.inbound"]``."""

from dataclasses import dataclass

from flask import current_app

from .install_keys import InstallKeys

KEY = "connect.inbound"


@dataclass(frozen=True, slots=True)
class InboundState:
    """The keys that signed installs are verified with."""

    install_keys: InstallKeys


def get_inbound() -> InboundState:
    """Return the state of the current app."""
    state: InboundState = current_app.extensions[KEY]
    return state
