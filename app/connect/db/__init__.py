"""What every table needs: transactions, columns, encryption, and a cache in front."""

from .sqlite import init_app

__all__ = ["init_app"]
