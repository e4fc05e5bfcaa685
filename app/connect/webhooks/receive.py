"""The webhook endpoint: verify, store, answer 204.

No app code runs here; a worker calls the handler.
https://developer.atlassian.com/cloud/confluence/modules/webhook/
"""

import logging
from typing import Final, cast

from flask import Blueprint, Request, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from ..inbound.policies import jwt_required
from ..inbound.request_token import get_token
from ..tenants.current import get_verified_request
from .handlers import find_handler
from .payload import Payload, fingerprint, read_body
from .policy_events import announce_policy_change, is_policy_event
from .state import get_webhooks

MAX_BODY_BYTES: Final = 1024 * 1024

bp = Blueprint("connect_webhooks", __name__)
_logger = logging.getLogger(__name__)


@bp.post("/webhooks/<event>")
@jwt_required
def receive(event: str) -> ResponseReturnValue:
    """Store a delivery, without duplicates, before answering 204."""
    announce_policy_change(event, get_verified_request().tenant)
    if find_handler(event) is None:
        if is_policy_event(event):
            return "", 204
        # The host may have an older descriptor, or a dynamic webhook may be misspelt.
        _logger.warning("webhook %r has no handler: write @webhook(...) for it", event)
        abort(404)
    this_request = cast("LocalProxy[Request]", request)._get_current_object()
    this_request.max_content_length = MAX_BODY_BYTES
    verified, webhooks = get_verified_request(), get_webhooks()
    text, body = read_body(this_request.get_data(), this_request.mimetype)
    client_key = verified.tenant.client_key
    delivery_id = webhooks.inbox.receive(
        client_key,
        event,
        fingerprint=fingerprint(
            event,
            identifier=this_request.headers.get(webhooks.identifier_header),
            text=text,
            body=body,
            token=get_token(this_request),
        ),
        payload=Payload(text, verified.account_id, verified.context),
    )
    if delivery_id is None:
        _logger.info("duplicate webhook %s: client_key=%s", event, client_key)
    else:
        webhooks.wake_up.send(delivery_id)
    return "", 204
