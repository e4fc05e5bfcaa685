"""Licensing: views that need a license, and the license that each tenant has.

``decorators`` has ``license_required`` and ``current`` has ``current_license``; both
ask ``loader``, which keeps the hosts' answers in ``store``. Users without a license see
``error_page``.
https://developer.atlassian.com/platform/marketplace/license-api-for-cloud-apps/
"""

from datetime import timedelta

from flask import Blueprint, Flask

from ...extensions import db
from ..errors import LicenseRequiredError
from ..tenants.state import get_state
from .current import current_license
from .error_page import refuse
from .state import LicensePolicy, LicensingState
from .store import Licenses, drop_license

bp = Blueprint("connect_licensing", __name__, template_folder="../templates")


def init_app(app: Flask) -> None:
    """Give *app* the licenses. Reads the CONNECT_LICENSE_... settings."""
    settings = app.config
    app.extensions["connect.licensing"] = LicensingState(
        policy=LicensePolicy(settings["CONNECT_LICENSE_POLICY"]),
        cache=timedelta(seconds=settings["CONNECT_LICENSE_CACHE_SECONDS"]),
        grace=timedelta(seconds=settings["CONNECT_LICENSE_GRACE"]),
        licenses=Licenses(db),
    )
    get_state(app).tenants.add_dependent(drop_license)
    app.register_blueprint(bp)
    app.register_error_handler(LicenseRequiredError, refuse)
    app.jinja_env.globals["current_license"] = current_license
