"""The floor: a bare Flask route that verifies nothing."""

from flask import Flask, Response, jsonify

from .probe import add_probe

CLIENT_KEY = "11111111-2222-3333-4444-555555555555"
ACCOUNT_ID = "557058:11111111-2222-3333-4444-555555555555"

app = add_probe(Flask(__name__))


@app.get("/benchmark")
def benchmark() -> Response:
    """Return the same JSON as the other servers, without verification."""
    return jsonify(clientKey=CLIENT_KEY, accountId=ACCOUNT_ID)
