"""Groups, and their members, in version 1."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devhost.rest.errors import RestError
from devhost.rest.operations import add_operation
from devhost.rest.people import person
from devhost.rest.reading import segment
from devhost.rest.v1.paging import whole_list
from devhost.rest.viewer import viewer, wiki
from devhost.site.current import current_site
from devhost.wiki.records import Group

ROOT = "/rest/api/group"


def add_routes(blueprint: Blueprint) -> None:
    """Add the group resources."""
    for operation, view in (
        (f"GET {ROOT}", list_groups),
        (f"GET {ROOT}/by-id", get_by_id),
        (f"GET {ROOT}/by-name", get_by_name),
        (f"GET {ROOT}/picker", pick_groups),
        (f"GET {ROOT}/member", list_members_by_name),
        (f"GET {ROOT}/{{groupId}}/membersByGroupId", list_members),
        ("GET /rest/api/user/memberof", list_groups_of_user),
    ):
        add_operation(blueprint, operation, view)


def _group(group: Group) -> dict[str, Any]:
    link = f"{current_site().base_url}{ROOT}/by-id?id={group.id}"
    return {
        "type": "group",
        "name": group.name,
        "id": group.id,
        "_links": {"self": link},
    }


def _refuse_anonymous() -> None:
    if viewer.account_id is None:
        raise RestError(403, "Anonymous users may not see groups")


def _list(groups: list[Group]) -> Response:
    _refuse_anonymous()
    return jsonify(whole_list(groups, _group, default=200))


def list_groups() -> Response:
    """Return every group."""
    return _list(wiki.groups.all())


def pick_groups() -> Response:
    """Return the groups whose names contain the query."""
    part = request.args.get("query", "").lower()
    return _list([each for each in wiki.groups.all() if part in each.name])


def get_by_id() -> Response:
    """Return the group with an id."""
    _refuse_anonymous()
    return jsonify(_group(wiki.groups.get(id=request.args.get("id", ""))))


def get_by_name() -> Response:
    """Return the group with a name."""
    _refuse_anonymous()
    return jsonify(_group(wiki.groups.get(name=request.args.get("name", ""))))


def list_members_by_name() -> Response:
    """Return the members of the group with a name."""
    return _members(wiki.groups.get(name=request.args.get("name", "")))


def list_members(groupId: str) -> Response:
    """Return the members of a group."""
    return _members(wiki.groups.get(id=segment(groupId)))


def _members(group: Group) -> Response:
    _refuse_anonymous()
    return jsonify(whole_list(wiki.groups.members(group), person, default=200))


def list_groups_of_user() -> Response:
    """Return the groups of a person."""
    return _list(wiki.groups.of(request.args.get("accountId", "")))
