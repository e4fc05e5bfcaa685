"""The app under test: the framework's routes, two pages and a webhook handler.

It is loaded by its name, ``chaos_app``, from the folder of a release, which may be
older than this file: so it uses only what every release has.
"""

import inspect
import os
import time
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify

from app import create_app
from app.connect import WebhookDelivery, current_service, current_tenant, jwt_required
from app.connect.webhooks import inbox, lease, tasks
from app.connect.webhooks.handlers import registered

LOG = os.environ["CHAOS_LOG"]
SECONDS = 0.005
"""How long a handler takes, so that a kill can hit it in the middle."""

bp = Blueprint("chaos", __name__)


@bp.get("/chaos/page")
@jwt_required
def page() -> Response:
    """Say whose page this is."""
    return jsonify(clientKey=current_tenant.client_key)


@bp.get("/chaos/call")
@jwt_required
def call() -> Response:
    """Call the host, and say whose page this is."""
    current_service.get_json("/rest/api/space")
    return jsonify(clientKey=current_tenant.client_key)


def handle(delivery: WebhookDelivery) -> None:
    """Note that it began and ended; the first call for every tenth page fails."""
    number = delivery.body["page"]["id"]
    note(f"begun {number}")
    time.sleep(SECONDS)
    if number % 10 == 0 and delivery.attempt == 1:
        raise RuntimeError("the first call for every tenth page fails")
    note(f"ended {number}")


def note(line: str) -> None:
    """Append a line in one write, so that lines never mix."""
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, f"{line}\n".encode())
    os.close(log)


def hurry(seconds: float) -> None:
    """Let a killed worker's deliveries be taken over after *seconds*."""
    for module in (inbox, lease):
        vars(module)["LEASE"] = timedelta(seconds=seconds)
    # Older releases remind the worker of what it was told about and has not begun.
    vars(inbox)["REMIND"] = timedelta(seconds=seconds)
    for planned in celery.conf.beat_schedule.values():
        if planned["task"] == tasks.SWEEP:
            planned["schedule"] = 1.0


registered["page_created"] = [handle]
if "blueprint" in inspect.signature(create_app).parameters:
    app = create_app(home=Path(__file__).parent, blueprint=bp)
else:
    app = create_app()
    app.register_blueprint(bp)
celery = app.extensions["celery"]
if lease_seconds := os.environ.get("CHAOS_LEASE_SECONDS"):
    hurry(float(lease_seconds))
