"""The seeded wiki of ``seed.toml``, written into an empty one."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from devhost.site.users import SPACE_ADMINISTRATOR, USERS
from devhost.wiki.access import Role, Viewer
from devhost.wiki.attachments import File
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.groups import ADMINISTRATORS, EVERYBODY, WRITERS
from devhost.wiki.parts import WikiParts
from devhost.wiki.records import Content

FILE = Path(__file__).resolve().parent / "seed.toml"


@cache
def _seeds() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def seed(wiki: WikiParts) -> None:
    """Fill the empty *wiki*; nobody is notified of these changes."""
    with wiki.ledger.quiet():
        wiki.groups.seed()
        for space in _seeds()["space"]:
            _add_space(wiki, space)
        for content in _seeds()["content"]:
            _add_content(wiki, content)
        for space in _seeds()["space"]:
            _set_homepage(wiki, space)


def _author(wiki: WikiParts, name: str) -> Viewer:
    # Seeded content was written long ago and is not subject to today's permissions.
    account_id = USERS[name].account_id
    assert account_id is not None  # noqa: S101 - a file of our own
    viewer = wiki.app_viewer(account_id)
    return viewer


def _add_space(wiki: WikiParts, space: dict[str, Any]) -> None:
    with wiki.ledger.writing() as sql:
        cursor = sql.execute(
            "INSERT INTO space (id, key, name, description, author_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                space.get("id"),
                space["key"],
                space["name"],
                space["description"],
                USERS["admin"].account_id,
                _milliseconds(_seeds()["content"][0]["created"]),
            ],
        )
    identifier = str(cursor.lastrowid)
    permit = wiki.spaces.permit
    permit(identifier, "group", ADMINISTRATORS, Role.ADMINISTER)
    if space.get("everybody", True):
        permit(identifier, "group", EVERYBODY, Role.WRITE)
        permit(identifier, "group", WRITERS, Role.WRITE)
    if space["space_administrator"]:
        account_id = str(SPACE_ADMINISTRATOR.account_id)
        permit(identifier, "user", account_id, Role.ADMINISTER)
    if "anonymous" in space:
        permit(identifier, "anonymous", "", Role[space["anonymous"]])


def _set_homepage(wiki: WikiParts, space: dict[str, Any]) -> None:
    viewer = _author(wiki, "admin")
    found = wiki.spaces.get(viewer, space["key"])
    page = wiki.contents.find_by_title(viewer, found, space["homepage"])
    wiki.spaces.update(viewer, found, homepage_id=page.id if page else None)


def _add_content(wiki: WikiParts, given: dict[str, Any]) -> None:
    wiki.ledger.now = lambda: _milliseconds(given["created"])
    author = _author(wiki, given["author"])
    space = wiki.spaces.get(author, given["space"])
    parent = None
    if "parent" in given:
        parent = wiki.contents.find_by_title(author, space, given["parent"])
    kind = given.get("type", "page")
    bodies = [*given.get("past", []), given["body"].strip()]
    if "id" in given:
        _begin_ids_at(wiki, given["id"])
    new = NewContent(kind, space, given["title"], bodies[0], parent=parent)
    content = wiki.editor.create(author, new)
    for number, body in enumerate(bodies[1:], start=2):
        edit = Edit(number, body=body)
        content = wiki.editor.update(author, content, edit)
    labels = [("global", name) for name in given.get("labels", [])]
    wiki.labels.add(author, content, labels)
    for key, value in given.get("properties", {}).items():
        wiki.properties.create(author, content, key, value)
    for file in given.get("attachment", []):
        _attach(wiki, author, content, file)
    for comment in given.get("comment", []):
        _comment(wiki, content, comment)


def _begin_ids_at(wiki: WikiParts, number: int) -> None:
    with wiki.ledger.writing() as sql:
        sql.execute("DELETE FROM sqlite_sequence WHERE name = 'content'")
        sql.execute("INSERT INTO sqlite_sequence VALUES ('content', ?)", [number - 1])


def _attach(
    wiki: WikiParts, author: Viewer, page: Content, file: dict[str, str]
) -> None:
    data = file["text"].lstrip("\n").encode()
    sent = File(file["name"], data, comment=file.get("comment", ""))
    wiki.attachments.add(author, page, sent)


def _comment(wiki: WikiParts, page: Content, given: dict[str, str]) -> None:
    author = _author(wiki, given["author"])
    title = f"Re: {page.title}"
    details = {"location": "footer"}
    comment = wiki.editor.create(
        author,
        NewContent(
            "comment", page.space, title, given["body"], container=page, details=details
        ),
    )
    if "reply" in given:
        wiki.editor.create(
            _author(wiki, "admin"),
            NewContent(
                "comment",
                page.space,
                title,
                given["reply"],
                parent=comment,
                container=page,
                details=details,
            ),
        )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
