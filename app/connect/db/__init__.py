"""Database helpers: transactions, column types, encryption, and an expiring cache."""

from .sqlite import init_app

__all__ = ["init_app"]
