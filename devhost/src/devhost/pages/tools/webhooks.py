"""The webhooks page at ``/devhost/webhooks``, and the same as JSON."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, request

from devhost.exchanges.log import ExchangeLog
from devhost.pages.chrome import CONTENT_SECURITY_POLICY, render
from devhost.pages.tools.app_actions import json_object
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.site.users import find_user
from devhost.webhooks import Delivery, Settings, WebhookError, Webhooks
from devhost.webhooks.events import CATALOGUE, content_type
from devhost.webhooks.examples import find_page
from devhost.webhooks.subscriptions import Subscription
from devhost.wiki import reading
from devhost.wiki.records import Content

CAMEL = {
    "retry_seconds": "retrySeconds",
    "numeric_ids": "numericIds",
    "event_in_body": "eventInBody",
}
SNAKE = {camel: snake for snake, camel in CAMEL.items()}
ROOT = "/api/webhooks"

Answer = tuple[dict[str, Any], int]

blueprint = Blueprint("webhooks", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/webhooks")
def show_webhooks() -> str:
    """Show the deliveries as they happen, and a form that fires any event."""
    site = current_site()
    return render(
        "webhooks.html",
        events=CATALOGUE,
        subscriptions=site.get(Webhooks).subscriptions(),
        apps=site.get(Installations).enabled(),
        pages=reading.recent(site),
        settings=site.get(Webhooks).settings,
    )


@blueprint.get(ROOT)
def describe() -> dict[str, Any]:
    """Return the webhooks of the enabled apps, every event, and the assumptions."""
    webhooks = current_site().get(Webhooks)
    return {
        "webhooks": [_subscription(each) for each in webhooks.subscriptions()],
        "events": [
            {"name": each.name, "isFiredHere": each.is_fired_here} for each in CATALOGUE
        ],
        "settings": _settings(webhooks.settings),
    }


@blueprint.put(f"{ROOT}/settings")
def change_settings() -> dict[str, Any]:
    """Change assumptions: any of the members that ``describe`` returns."""
    changes = {SNAKE.get(name, name): value for name, value in json_object().items()}
    try:
        return _settings(current_site().get(Webhooks).assume(**changes))
    except ValueError as error:
        abort(400, str(error))


@blueprint.get(f"{ROOT}/deliveries")
def list_deliveries() -> dict[str, Any]:
    """Return the deliveries as lines, oldest first, and the newest revision.

    Query: ``event``, ``app``, ``outcome``, ``after`` (an id), ``since`` (a revision).
    """
    webhooks, arguments = current_site().get(Webhooks), request.args
    # Read first, so that changes arriving meanwhile are returned the next time.
    revision = webhooks.revision
    found = webhooks.deliveries(
        arguments.get("event"),
        app_key=arguments.get("app"),
        outcome=arguments.get("outcome"),
        after=arguments.get("after", 0, type=int),
        since=arguments.get("since", 0, type=int),
    )
    return {"deliveries": [_line(each) for each in found], "revision": revision}


@blueprint.delete(f"{ROOT}/deliveries")
def clear_deliveries() -> tuple[str, int]:
    """Forget every finished delivery."""
    current_site().get(Webhooks).clear()
    return "", 204


@blueprint.get(f"{ROOT}/deliveries/<int:delivery_id>")
def get_delivery(delivery_id: int) -> dict[str, Any]:
    """Return one delivery with its headers, masked, and its body."""
    found = current_site().get(Webhooks).find(delivery_id)
    if found is None:
        abort(404, "There is no such delivery, or it is no longer kept.")
    return _whole(found)


@blueprint.post(f"{ROOT}/deliveries/<int:delivery_id>/redeliver")
def redeliver(delivery_id: int) -> Answer:
    """Send a delivery once more, as a new delivery."""
    try:
        return _line(current_site().get(Webhooks).redeliver(delivery_id)), 202
    except WebhookError as error:
        return {"error": str(error)}, 409


@blueprint.get(f"{ROOT}/events/<event>/example")
def get_example(event: str) -> Answer:
    """Return a body of *event*, made from the page whose id is ``content``."""
    site = current_site()
    content = _content(request.args.get("content"))
    account_id = _account(request.args.get("account") or site.user.account_id)
    try:
        body = site.get(Webhooks).example(event, content, account_id)
    except WebhookError as error:
        return {"error": str(error)}, 404
    return {"event": event, "contentType": content_type(event), "body": body}, 200


@blueprint.post(f"{ROOT}/events/<event>")
def fire(event: str) -> Answer:
    """Fire *event*, which did not happen, to every webhook that subscribes to it.

    Optional members: ``body`` (any JSON, by default the example), ``content`` (the id
    of a page), ``account`` (who caused it), ``app`` (only that one).
    """
    site, asked = current_site(), json_object()
    for name in ("content", "account", "app"):
        if not isinstance(asked.get(name), str | None):
            abort(400, f'"{name}" must be a string.')
    try:
        told = site.get(Webhooks).fire(
            event,
            asked.get("body"),
            account_id=_account(asked.get("account")),
            content=_content(asked.get("content")),
            app_key=asked.get("app") or None,
        )
    except WebhookError as error:
        return {"error": str(error)}, 409
    return {"deliveries": [_line(each) for each in told]}, 202


def _content(identifier: str | None) -> Content | None:
    if not identifier:
        return None
    found = find_page(current_site(), identifier)
    if found is None:
        abort(404, f"There is no page or blog post {identifier}.")
    return found


def _account(account_id: str | None) -> str | None:
    if account_id and find_user(account_id) is None:
        abort(400, f"There is no user {account_id}.")
    return account_id or None


def _settings(settings: Settings) -> dict[str, Any]:
    return {CAMEL.get(name, name): value for name, value in asdict(settings).items()}


def _subscription(found: Subscription) -> dict[str, Any]:
    return {
        "appKey": found.app.app_key,
        "event": found.event,
        "url": found.path,
        "isDynamic": found.is_dynamic,
        "excludeBody": found.excludes_body,
        "propertyKeys": found.property_keys,
        "remarks": found.remarks,
    }


def _line(found: Delivery) -> dict[str, Any]:
    return {
        "id": found.id,
        "event": found.event,
        "appKey": found.app_key,
        "url": found.url,
        "account": found.account_id,
        "at": found.at,
        "attempt": found.attempt,
        "repeats": found.repeats,
        "note": found.note,
        "outcome": found.outcome,
        "status": found.status,
        "failure": found.failure,
        "sentAt": found.sent_at,
        "milliseconds": found.milliseconds,
    }


def _whole(found: Delivery) -> dict[str, Any]:
    return {
        **_line(found),
        "requestHeaders": found.request_headers,
        "body": found.body,
        "exchange": _exchange_id(found),
    }


def _exchange_id(found: Delivery) -> int | None:
    for exchange in reversed(current_site().get(ExchangeLog).find(kind="webhook")):
        if exchange.notes.get("delivery") == f"#{found.id}":
            return exchange.id
    return None
