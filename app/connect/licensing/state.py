"""License settings and cached answers: ``app.extensions["connect.licensing"]``."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flask import current_app

from .store import Licenses


class LicensePolicy(StrEnum):
    """What ``license_required`` does when a license has ended."""

    BLOCK = "block"
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class LicensingState:
    """The settings, and the cache of the hosts' answers."""

    policy: LicensePolicy
    cache: timedelta
    grace: timedelta
    licenses: Licenses


def get_licensing() -> LicensingState:
    """Return the licensing state of the current app."""
    state: LicensingState = current_app.extensions["connect.licensing"]
    return state
