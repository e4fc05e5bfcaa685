"""A list of the REST operations that work here: ``python -m devhost.rest.listing``."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from devhost.rest import create_blueprint, downloads
from devhost.rest.documented_operations import (
    PARAMETER,
    KnownOperation,
    known_operations,
)
from devhost.rest.operations import NOT_HERE
from devhost.site.products import CONTEXT_PATH

HEAD = """\
# REST operations of the local Confluence

Made by `python -m devhost.rest.listing > docs/rest-operations.md`; do not edit.

*works*: answers as documented, as far as an app needs it; what it lacks of an
operation, such as an expansion, it answers with 501 and the name. *501*: is not in the
local Confluence, and says so. Both are checked against scope and access rule first: see
[scopes-and-access-rules.md](scopes-and-access-rules.md).
"""
CONNECT = "Connect"


def lines() -> Iterator[str]:
    """Yield the lines of the document."""
    yield from HEAD.splitlines()
    adapter = _adapter()
    found = [(each, _is_here(adapter, each)) for each in known_operations()]
    for title in ("Version 1", "Version 2", CONNECT):
        part = [pair for pair in found if _title(pair[0]) == title]
        working = sum(is_here for _, is_here in part)
        yield ""
        yield f"## {title}: {working} of {len(part)} work"
        yield ""
        yield "| Operation | Name | Scope | Access rule | Here |"
        yield "|---|---|---|---|---|"
        for operation, is_here in part:
            yield _line(operation, "works" if is_here else "501")


def _title(operation: KnownOperation) -> str:
    if not operation.path.startswith(("/rest/api/", "/api/")):
        return CONNECT
    return f"Version {operation.api_version}"


def _line(operation: KnownOperation, here: str) -> str:
    cells = (
        f"`{operation}`",
        operation.name,
        operation.scope,
        operation.access_rule,
        here if operation.is_for_apps else "403: not for Connect apps",
    )
    return f"| {' | '.join(cells)} |"


def _adapter() -> MapAdapter:
    app = Flask("devhost", static_folder=None)
    app.register_blueprint(create_blueprint())
    app.register_blueprint(downloads.create_blueprint())
    return app.url_map.bind("localhost")


def _is_here(adapter: MapAdapter, operation: KnownOperation) -> bool:
    path = CONTEXT_PATH + PARAMETER.sub("1", operation.path)
    try:
        endpoint, _ = adapter.match(path, operation.method)
    except HTTPException:
        return False
    return str(endpoint).partition(".")[2] != NOT_HERE


if __name__ == "__main__":
    print("\n".join(lines()))
