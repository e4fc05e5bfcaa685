"""Webhooks about contents of an app's own types."""

import pytest

from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit, NewContent
from tests.custom_app import CUSTOMER, serve_custom_app
from tests.webhook_app import HOME, delivered, hooks, install, writer

EVENTS = [
    f"content_{each}" for each in "created updated trashed restored removed".split()
]


@pytest.mark.parametrize("container", [None, HOME])
def test_each_change_of_a_content_is_sent(
    confluence: LocalConfluence, container: str | None
) -> None:
    wiki = confluence.site.get(Wiki)
    with serve_custom_app(confluence, webhooks=hooks(*EVENTS)) as app:
        install(confluence, app)
        who = wiki.app_viewer("557058:app")
        space = wiki.spaces.get(who, "DS")
        page = wiki.contents.get(who, container) if container else None
        new = NewContent(CUSTOMER, space, "Acme", container=page)
        content = wiki.custom.create(who, new, representation="storage")
        edit = Edit(2, title="Changed")
        content = wiki.custom.update(who, content, edit, representation="")
        wiki.editor.trash(who, content)
        restore = Edit(3, status="current")
        content = wiki.contents.get(who, content.id, ("trashed",))
        content = wiki.custom.update(who, content, restore, representation="")
        wiki.editor.remove(who, content)
        delivered(confluence)
        told = app.events(*EVENTS)
    assert [each.event for each in told] == EVENTS
    assert {each.body["type"] for each in told} == {CUSTOMER}
    assert [each.body["title"] for each in told] == ["Acme", *["Changed"] * 4]
    assert [each.body["status"] for each in told][2:4] == ["trashed", "current"]
    within = f"content/{HOME}" if container else "space/DS"
    for each in told:
        assert each.body["_expandable"]["container"] == f"/rest/api/{within}"


def test_a_label_of_a_content_is_sent_with_its_address(
    confluence: LocalConfluence,
) -> None:
    wiki, who = confluence.site.get(Wiki), writer(confluence)
    with serve_custom_app(confluence, webhooks=hooks("label_added")) as app:
        install(confluence, app)
        new = NewContent(CUSTOMER, wiki.spaces.get(who, "DS"), "Acme")
        content = wiki.custom.create(who, new, representation="storage")
        wiki.labels.add(who, content, [("global", "red")])
        delivered(confluence)
        (told,) = app.events("label_added")
    address = told.body["labeled"]["self"]
    assert address.endswith(f"/spaces/DS/custom-content/{content.id}/Acme")
    assert told.body["labeled"]["contentType"] == CUSTOMER
