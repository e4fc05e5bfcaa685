"""Cache-Control of answers that may be cached, unlike all others."""

from typing import Final

from flask import Response

MAX_AGE_SECONDS: Final = 31_536_000
"""A year."""


def check_max_age(seconds: int) -> int:
    """Return *seconds*, if an answer may be kept so long.

    :raises ValueError: unless they are a whole number from 1 to a year.
    """
    # True is a number to Python, and no time.
    if type(seconds) is not int or not 0 < seconds <= MAX_AGE_SECONDS:
        raise ValueError(f"max_age is not 1 to {MAX_AGE_SECONDS} whole seconds")
    return seconds


def keep(response: Response, max_age: int) -> None:
    """Let whoever gets *response* keep it for *max_age* seconds."""
    response.headers["Cache-Control"] = f"public, max-age={max_age}"
