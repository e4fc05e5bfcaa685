"""``Cache-Control`` for the few answers that may be cached."""

from typing import Final

from flask import Response

MAX_AGE_SECONDS: Final = 31_536_000
"""A year."""


def check_max_age(seconds: int) -> int:
    """Return *seconds* if it is a valid max-age.

    :raises ValueError: unless it is a whole number from 1 to a year.
    """
    # True is a number to Python, but not a duration.
    if type(seconds) is not int or not 0 < seconds <= MAX_AGE_SECONDS:
        raise ValueError(f"max_age is not 1 to {MAX_AGE_SECONDS} whole seconds")
    return seconds


def keep(response: Response, max_age: int) -> None:
    """Let clients and proxies cache *response* for *max_age* seconds."""
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
