"""JSON as the standard has it: no NaN, no bytes that are not UTF-8."""

import json
from typing import Any, Never


def parse_json(body: bytes) -> Any:
    """Parse a request body.

    :raises ValueError: if it is not JSON in UTF-8, or nested beyond reason.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
