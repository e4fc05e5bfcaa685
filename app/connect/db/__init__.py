"""Database helpers: transactions, column types, encryption, and an expiring cache."""

from flask import Flask

from . import postgresql, sqlite


def init_app(app: Flask) -> None:
    """Configure the database connections of this process."""
    sqlite.listen()
    postgresql.listen()
