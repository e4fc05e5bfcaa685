"""Our app, the one from the framework's tests, with an extra view."""

from flask import Response, jsonify

from app.connect import current_account_id, current_tenant, jwt_required
from tests.example import create_app

from .probe import add_probe

app = add_probe(create_app())


@app.get("/benchmark")
@jwt_required
def benchmark() -> Response:
    """Return the tenant and user that the token names."""
    return jsonify(clientKey=current_tenant.client_key, accountId=current_account_id)
