"""Scope checks: the scope that a call needs, and whether the app has it.

An app calls with the scopes of its descriptor and those they imply, and so does its
page through ``AP.request``; an access token has its own scopes, within the app's.
https://developer.atlassian.com/cloud/confluence/scopes/

Assumed: Confluence still refuses with the words of its published host code, whatever
the reason; the real reason is in ``X-Devhost-Reason``.
"""

import logging

from devhost.exchanges.inbound import note
from devhost.rest.caller import caller
from devhost.rest.documented_operations import INACCESSIBLE, KnownOperation, find_known
from devhost.rest.errors import RestError
from devhost.rest.operations import Operation
from devhost.site.current import current_site, current_target
from devhost.tokens.oauth import with_implied

REFUSAL = "Request not in an authorized API scope"
EVERYBODY = "NONE"
CONNECT_ROOT = "/rest/atlassian-connect/"
# From the operations' own pages.
JIRAS = {
    (known.method, known.path): known
    for known in (
        KnownOperation("POST", "/rest/api/3/permissions/check", "READ"),
        KnownOperation("GET", "/rest/api/3/mypermissions", "READ"),
    )
}

logger = logging.getLogger("devhost")


def known_of_request(operation: Operation) -> KnownOperation | None:
    """Return the documentation of this request's operation, None if it is unknown.

    The path as it was sent says more than the template: an operation served as
    ``child/{type}`` may be documented as ``child/attachment``.
    """
    product = current_site().product
    path = current_target().partition("?")[0].removeprefix(product.context_path)
    # The tables are Confluence's; only these resources exist in every product.
    if product.has_wiki or path.startswith(CONNECT_ROOT):
        return find_known(operation.method, path)
    return JIRAS.get((operation.method, path))


def check_scope(operation: Operation) -> None:
    """Refuse a call that the scopes of its caller do not cover.

    :raises RestError: 403.
    """
    known = known_of_request(operation)
    if known is None:
        note("scope", "unknown: no table has this operation")
        shown = str(operation).encode("unicode_escape").decode("ascii")
        logger.warning("%s passes: no table knows which scope it needs", shown)
        return
    note("scope", known.scope)
    reason = _reason_to_refuse(known)
    if reason:
        raise RestError(403, REFUSAL, reason=reason)


def _reason_to_refuse(known: KnownOperation) -> str:
    if known.scope == INACCESSIBLE:
        return f"no Connect app may call {known}"
    if not known.is_for_apps:
        return f"{known.path} has no {known.method} for apps"
    app = caller.app
    declared = with_implied([*app.descriptor.get("scopes", []), EVERYBODY])
    if known.scope not in declared:
        return (
            f"{known} needs the scope {known.scope}, which the descriptor of "
            f'{app.app_key} does not declare: write "{known.scope}" into its "scopes" '
            "and install it again"
        )
    if caller.scopes is not None and known.scope not in {*caller.scopes, EVERYBODY}:
        return (
            f"{known} needs the scope {known.scope}, which the access token lacks: "
            "ask for it in the form field scope of the token request"
        )
    return ""
