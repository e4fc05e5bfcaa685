"""The inspector at ``/devhost/inspector``, and every exchange as JSON.

Secrets and signatures leave the host only through ``POST .../plain``, when the
developer asks to see those of one exchange.
"""

from typing import Any

from flask import Blueprint, Response, abort, request

from devhost.exchanges.exchange import Exchange
from devhost.exchanges.log import ExchangeLog
from devhost.exchanges.present import as_json, summary
from devhost.exchanges.replay import ReplayError, replay
from devhost.pages.chrome import CONTENT_SECURITY_POLICY, render
from devhost.site.current import current_site

blueprint = Blueprint("inspector", __name__, url_prefix="/devhost")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/inspector")
def inspector() -> str:
    """Show every message between the site and its apps, as it happens."""
    return render("inspector.html")


@blueprint.get("/api/exchanges")
def list_exchanges() -> dict[str, Any]:
    """Return the exchanges as lines, oldest first, and the newest id.

    Query: ``after`` (an id), ``method``, ``path`` (a template), ``kind``,
    ``direction``, ``app``, ``status``.
    """
    arguments = request.args
    log = current_site().get(ExchangeLog)
    # Read first, so that exchanges arriving meanwhile are not skipped next time.
    last_id = log.last_id
    found = log.find(
        arguments.get("method"),
        arguments.get("path"),
        kind=arguments.get("kind"),
        direction=arguments.get("direction"),  # type: ignore[arg-type]  # Other words find nothing.
        app_key=arguments.get("app"),
        status=arguments.get("status", type=int),
        after=arguments.get("after", 0, type=int),
    )
    lines = [summary(one) for one in found if one.id <= last_id]
    return {"exchanges": lines, "lastId": last_id}


@blueprint.delete("/api/exchanges")
def clear_exchanges() -> tuple[str, int]:
    """Forget every exchange."""
    current_site().get(ExchangeLog).clear()
    return "", 204


@blueprint.get("/api/exchanges/<int:exchange_id>")
def get_exchange(exchange_id: int) -> dict[str, Any]:
    """Return one exchange, with secrets and signatures masked."""
    return as_json(_exchange(exchange_id))


@blueprint.post("/api/exchanges/<int:exchange_id>/plain")
def get_plain_exchange(exchange_id: int) -> dict[str, Any]:
    """Return one exchange unmasked, with its secrets and signatures."""
    return as_json(_exchange(exchange_id), plain=True)


@blueprint.post("/api/exchanges/<int:exchange_id>/replay")
def replay_exchange(exchange_id: int) -> tuple[dict[str, Any], int]:
    """Send a captured request again, byte for byte; return the new exchange."""
    try:
        return as_json(replay(current_site(), _exchange(exchange_id))), 200
    except ReplayError as error:
        return {"error": str(error)}, 409


def _exchange(exchange_id: int) -> Exchange:
    found = current_site().get(ExchangeLog).find_by_id(exchange_id)
    if found is None:
        abort(404, "There is no such exchange, or it is no longer kept.")
    return found
