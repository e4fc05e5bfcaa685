"""``license_required``: the decorator that answers 402 once a license has ended."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app

from ..errors import HostError, LicenseRequiredError
from ..inbound.policies import layer, policy_of
from ..tenants.current import get_verified_request
from .current import license_of_this_request
from .state import LicensePolicy, get_licensing

_P = ParamSpec("_P")
_R = TypeVar("_R")
_logger = logging.getLogger(__name__)


def license_required(view: Callable[_P, _R]) -> Callable[_P, _R]:
    """Answer 402 unless the tenant's license is active, or the app is free.

    An app is free if its descriptor does not enable licensing.
    Goes below the policy, such as ``jwt_required``. CONNECT_LICENSE_POLICY can
    change this: ``block`` is the above, ``warn`` only logs, ``ignore`` does not ask.
    While the host can't be reached, its last answer stays valid for
    CONNECT_LICENSE_GRACE seconds; without one the answer is 502.
    """
    if policy_of(view) is not None:
        raise TypeError(
            f"{view!r} has its policy {policy_of(view)} below license_required: "
            "the policy stands above, so that the tenant is known"
        )

    @wraps(view)
    def licensed(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        _check()
        answer: _R = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return layer(licensed)


def _check() -> None:
    policy = get_licensing().policy
    if policy is LicensePolicy.IGNORE:
        return
    client_key = get_verified_request().tenant.client_key
    try:
        license_ = license_of_this_request()
    except HostError as error:
        if policy is LicensePolicy.BLOCK:
            raise
        _logger.warning("license unknown: client_key=%s: %s", client_key, error)
        return
    if license_.active is not False:
        return
    if policy is LicensePolicy.BLOCK:
        raise LicenseRequiredError(client_key, evaluation=bool(license_.evaluation))
    _logger.warning("no license, request allowed anyway: client_key=%s", client_key)
