"""Our app, with two extra views that answer JSON."""

from flask import Response, jsonify

from app import create_app
from app.connect import (
    context_jwt_required,
    current_account_id,
    current_tenant,
    jwt_required,
)

app = create_app()


@app.get("/benchmark")
@jwt_required
def benchmark() -> Response:
    """Return the tenant and user that the token names."""
    return jsonify(clientKey=current_tenant.client_key, accountId=current_account_id)


@app.get("/benchmark/context")
@context_jwt_required
def context() -> Response:
    """Return the same to a page, which has its token from the bridge."""
    return jsonify(clientKey=current_tenant.client_key, accountId=current_account_id)
