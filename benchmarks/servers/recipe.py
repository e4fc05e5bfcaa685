"""The usual recipe: PyJWT decodes twice, and the ORM selects the tenant.

This favours it: its table is narrow and stores secrets unencrypted, so nothing has to
be decrypted.
"""

import os

import jwt
from atlassian_jwt.url_utils import hash_url
from flask import Flask, Response, abort, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .probe import add_probe


class Base(DeclarativeBase):
    """The base of the model."""


db = SQLAlchemy(model_class=Base)


class Client(Base):
    """A tenant as examples on the web store it."""

    __tablename__ = "benchmark_client"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_key: Mapped[str] = mapped_column(unique=True)
    shared_secret: Mapped[str]
    base_url: Mapped[str]


app = add_probe(Flask(__name__))
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db.init_app(app)


@app.get("/benchmark")
def benchmark() -> Response:
    """Return the tenant and user that the token names."""
    token = request.args.get("jwt", "")
    try:
        issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
        client = db.session.scalar(db.select(Client).filter_by(client_key=issuer))
        if client is None:
            abort(401)
        claims = jwt.decode(
            token,
            client.shared_secret,
            algorithms=["HS256"],
            options={"require": ["iss", "iat", "exp", "qsh"]},
            leeway=30,
        )
    except (jwt.PyJWTError, KeyError):
        abort(401)
    if claims["qsh"] != hash_url(request.method, request.full_path):
        abort(401)
    return jsonify(clientKey=client.client_key, accountId=claims.get("sub"))
