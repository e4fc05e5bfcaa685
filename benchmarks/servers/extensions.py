"""Bare Flask with the libraries that our app loads, for start and memory."""

import os

import celery
import cryptography.fernet
import jwt
import marshmallow
import psycopg
import requests
from flask import Flask, Response, jsonify
from flask_babel import Babel
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

LOADED = (celery, cryptography, jwt, marshmallow, psycopg, requests)

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
Babel(app)
db = SQLAlchemy(app)
Migrate(app, db)


@app.get("/benchmark")
def benchmark() -> Response:
    """Return JSON after a look at the database, as a first verified request does."""
    db.session.execute(db.text("SELECT 1"))
    return jsonify(clientKey=None, accountId=None)
