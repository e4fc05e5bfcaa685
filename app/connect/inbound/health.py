"""Health checks: liveness and readiness, and nothing about tenants."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from ...extensions import db
from .policies import public

bp = Blueprint("connect_health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Answer 200 as long as the process is alive."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Answer 200, or 503 while the database can't be reached."""
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return jsonify(status="ok")
