"""Licensing: views that require a license, and each tenant's license.

``decorators`` has ``license_required`` and ``current`` has ``current_license``; both
use ``loader``, which caches the hosts' answers in ``store``. Users without a license
see ``error_page``.
https://developer.atlassian.com/platform/marketplace/license-api-for-cloud-apps/
"""

from datetime import timedelta

from flask import Flask

from ...extensions import db
from ..errors import LicenseRequiredError
from ..tenants.state import get_state
from .current import current_license
from .error_page import refuse
from .state import LicensePolicy, LicensingState
from .store import Licenses, drop_license


def init_app(app: Flask) -> None:
    """Set up licensing on *app*. Reads the CONNECT_LICENSE_... settings."""
    settings = app.config
    app.extensions["connect.licensing"] = LicensingState(
        policy=LicensePolicy(settings["CONNECT_LICENSE_POLICY"]),
        cache=timedelta(seconds=settings["CONNECT_LICENSE_CACHE_SECONDS"]),
        grace=timedelta(seconds=settings["CONNECT_LICENSE_GRACE"]),
        licenses=Licenses(db),
    )
    get_state(app).tenants.add_dependent(drop_license)
    app.register_error_handler(LicenseRequiredError, refuse)
    app.jinja_env.globals["current_license"] = current_license
