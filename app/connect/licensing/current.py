"""``current_license``: the proxy for the current tenant's license."""

from typing import cast

from flask import has_request_context, request
from werkzeug.local import LocalProxy

from ..outbound.license import License
from ..tenants.current import get_verified_request
from ..tenants.models import Tenant
from .loader import load_license

_LICENSE_KEY = "connect.license"


def license_of_this_request() -> License:
    """Load the license once per request; outside of one, as in a task, every time."""
    tenant = get_verified_request().tenant
    if not has_request_context():
        return load_license(tenant)
    found: tuple[Tenant, License] | None = request.environ.get(_LICENSE_KEY)
    if found is None or found[0] != tenant:
        found = request.environ[_LICENSE_KEY] = (tenant, load_license(tenant))
    return found[1]


current_license = cast(License, LocalProxy(license_of_this_request))
"""The license of the request's tenant; available in templates too."""
