"""This repository's app, with one more view."""

from flask import Response, jsonify

from app import create_app
from app.connect import current_account_id, current_tenant, jwt_required

from .probe import add_probe

app = add_probe(create_app())


@app.get("/benchmark")
@jwt_required
def benchmark() -> Response:
    """Say whom the token names."""
    return jsonify(clientKey=current_tenant.client_key, accountId=current_account_id)
