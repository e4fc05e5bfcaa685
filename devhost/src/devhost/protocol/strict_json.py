"""Strict JSON, as in the standard: no NaN, no bytes that are not UTF-8."""

import json
from typing import Any, Never


def parse_json(body: bytes) -> Any:
    """Parse a request body.

    :raises ValueError: if it is not JSON in UTF-8, or is nested too deeply.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def is_whole(value: Any) -> bool:
    """Whether every text in parsed JSON can be written in UTF-8.

    An escape such as ``\\ud800`` is half a character, which no page can show.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return False
    return True
