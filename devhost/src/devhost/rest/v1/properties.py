"""Content properties and space properties in version 1."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.reading import (
    JSON,
    json_object,
    member,
    required_number,
    required_text,
    segment,
)
from devhost.rest.v1 import representation
from devhost.rest.v1.contents import found
from devhost.rest.v1.expansion import Expansion
from devhost.rest.v1.paging import whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.wiki.properties import Owner
from devhost.wiki.records import Property


def add_routes(blueprint: Blueprint) -> None:
    """Add the property resources of contents and spaces."""
    _add(blueprint, "/rest/api/content/{id}/property", found)
    _add(blueprint, "/rest/api/space/{spaceKey}/property", _space)


def _space(key: str) -> Owner:
    return wiki.spaces.get(viewer, segment(key))


def _add(blueprint: Blueprint, root: str, owner: Callable[[str], Owner]) -> None:
    resource = _Properties(owner)
    one = f"{root}/{{key}}"
    for operation, view in (
        (f"GET {root}", resource.list),
        (f"POST {root}", resource.create),
        (f"GET {one}", resource.get),
        (f"POST {one}", resource.create),
        (f"PUT {one}", resource.put),
        (f"DELETE {one}", resource.delete),
    ):
        add_operation(blueprint, operation, view)


class _Properties:
    """The same resource below contents and below spaces."""

    def __init__(self, owner: Callable[[str], Owner]) -> None:
        self._owner = owner

    def _of(self, arguments: dict[str, str]) -> Owner:
        return self._owner(arguments.get("id") or arguments["spaceKey"])

    def list(self, **arguments: str) -> Response:
        owner, expansion = self._of(arguments), Expansion.of_request()
        return jsonify(
            whole_list(
                wiki.properties.all(owner),
                lambda each: representation.property_of(owner, each, expansion),
            )
        )

    def get(self, key: str, **arguments: str) -> Response:
        owner = self._of(arguments)
        return self._answer(owner, wiki.properties.get(owner, segment(key)))

    def create(self, key: str | None = None, **arguments: str) -> Response:
        owner, body = self._of(arguments), json_object()
        name = segment(key) if key is not None else required_text(body, "key")
        return self._answer(
            owner, wiki.properties.create(viewer, owner, name, _value(body))
        )

    def put(self, key: str, **arguments: str) -> Response:
        owner, body = self._of(arguments), json_object()
        name = segment(key)
        old = wiki.properties.find(owner, name)
        if old is None:
            # Version 1 creates a missing property, with the version number 1 or without
            # one.
            if member(body, "version.number") not in {None, 1}:
                raise RestError(409, f"Can not find property with key: {name}")
            new = wiki.properties.create(viewer, owner, name, _value(body))
        else:
            number = required_number(body, "version.number")
            new = wiki.properties.update(viewer, owner, old, _value(body), number)
        return self._answer(owner, new)

    def delete(self, key: str, **arguments: str) -> tuple[str, int]:
        owner = self._of(arguments)
        old = wiki.properties.get(owner, segment(key))
        wiki.properties.delete(viewer, owner, old)
        return "", 204

    @staticmethod
    def _answer(owner: Owner, found: Property) -> Response:
        expansion = Expansion.of_request()
        return jsonify(representation.property_of(owner, found, expansion))


def _value(body: JSON) -> Any:
    if "value" not in body:
        raise RestError(400, "value is required")
    return body["value"]
