"""Webhook payloads: the event and the body for every change of the wiki."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER, SPACE_ADMINISTRATOR
from devhost.webhooks.events import EVENTS
from devhost.wiki import Wiki
from devhost.wiki.attachments import File
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.records import Content
from tests.fake_app import FakeApp
from tests.webhook_app import (
    HOME,
    PATIENCE,
    add_page,
    delivered,
    hooks,
    install,
    serve,
    writer,
)


@pytest.fixture
def hooked(confluence: LocalConfluence) -> Iterator[FakeApp]:
    """The app, which subscribes to everything that happens here."""
    names = [name for name, event in EVENTS.items() if event.is_fired_here]
    with serve(confluence, *hooks(*names)) as app:
        yield install(confluence, app)


def last(confluence: LocalConfluence, event: str) -> Any:
    """Return the body of the last delivery, which must be of *event*."""
    delivery = delivered(confluence)[-1]
    assert (delivery.event, delivery.outcome) == (event, "delivered")
    return delivery.json


def test_a_page_has_the_fields_that_real_sites_send(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    page = add_page(confluence, "A page & more")
    body = last(confluence, "page_created")
    address = f"{confluence.base_url}/spaces/DS/pages/{page.id}/A+page+%26+more"
    assert body == {
        "timestamp": body["timestamp"],
        "userAccountId": ORDINARY_USER.account_id,
        "accountType": "customer",
        "page": {
            "id": page.id,
            "idAsString": page.id,
            "contentType": "page",
            "spaceKey": "DS",
            "spaceId": int(page.space.id),
            "title": "A page & more",
            "version": 1,
            "creatorAccountId": ORDINARY_USER.account_id,
            "creationDate": page.created_at,
            "lastModifierAccountId": ORDINARY_USER.account_id,
            "modificationDate": page.modified_at,
            "self": address,
        },
    }
    assert abs(body["timestamp"] - page.created_at) < 60_000
    assert requests.get(address, timeout=PATIENCE).status_code == 200


def test_every_change_of_a_page_has_its_event(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    wiki = confluence.site.get(Wiki)
    editor, who = wiki.editor, writer(confluence)
    administrator = wiki.viewer(ADMINISTRATOR)
    page = add_page(confluence)
    page = editor.update(who, page, Edit(2, title="Renamed"))
    body = last(confluence, "page_updated")
    assert body["page"]["title"] == "Renamed"
    assert (body["updateTrigger"], body["suppressNotifications"]) == (
        "edit_page",
        False,
    )
    editor.trash(who, page)
    assert last(confluence, "page_trashed")["page"]["id"] == page.id
    trashed = confluence.site.get(Wiki).contents.get(who, page.id, ("trashed",))
    editor.update(who, trashed, Edit(3, status="current"))
    assert last(confluence, "page_restored")["page"]["version"] == 3
    restored = confluence.site.get(Wiki).contents.get(who, page.id)
    editor.trash(who, restored)
    trashed = confluence.site.get(Wiki).contents.get(who, page.id, ("trashed",))
    editor.remove(administrator, trashed)
    body = last(confluence, "page_removed")
    assert body["page"]["id"] == page.id
    assert body["userAccountId"] == ADMINISTRATOR.account_id


def test_a_move_and_a_reordering_are_different_events(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    editor, who = confluence.site.get(Wiki).editor, writer(confluence)
    one, two = add_page(confluence, "One"), add_page(confluence, "Two")
    one = editor.move(who, one, "after", two)
    body = last(confluence, "page_children_reordered")
    assert body["page"]["id"] == HOME
    old = [page["title"] for page in body["oldSortedChildren"]][-2:]
    new = [page["title"] for page in body["newSortedChildren"]][-2:]
    assert (old, new) == (["One", "Two"], ["Two", "One"])
    editor.move(who, one, "append", two)
    body = last(confluence, "page_moved")
    assert body["page"]["id"] == one.id
    assert (body["oldParent"]["id"], body["newParent"]["id"]) == (HOME, two.id)


def test_a_blog_post(confluence: LocalConfluence, hooked: FakeApp) -> None:
    post = add_page(confluence, "Post", type="blogpost")
    body = last(confluence, "blog_created")
    assert body["blog"]["contentType"] == "blogpost"
    assert f"/blog/{post.id}/" in body["blog"]["self"]


def test_a_comment_and_a_reply_to_it(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    page, editor = add_page(confluence), confluence.site.get(Wiki).editor
    who = writer(confluence)

    def add(parent: Content | None = None) -> Content:
        new = NewContent(
            "comment", page.space, "Re", "<p>x</p>", container=page, parent=parent
        )
        return editor.create(who, new)

    comment = add()
    body = last(confluence, "comment_created")
    assert body["comment"]["parent"]["id"] == page.id
    assert "title" not in body["comment"]
    assert "inReplyTo" not in body["comment"]
    assert body["comment"]["self"].endswith(f"?focusedCommentId={comment.id}")
    reply = add(comment)
    body = last(confluence, "comment_created")
    assert body["comment"]["inReplyTo"]["id"] == comment.id
    editor.remove(who, reply)
    assert last(confluence, "comment_removed")["comment"]["id"] == reply.id


def test_an_attachment_and_a_view_of_it(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    page = add_page(confluence)
    file = File("plan.txt", b"12345", comment="The plan")
    added = confluence.site.get(Wiki).attachments.add(writer(confluence), page, file)
    body = last(confluence, "attachment_created")
    assert body["attachedTo"]["id"] == page.id
    (shown,) = body["attachments"]
    assert (shown["fileName"], shown["fileSize"]) == ("plan.txt", 5)
    assert (shown["id"], shown["comment"]) == (str(added.number), "The plan")
    url = f"{confluence.base_url}/download/attachments/{page.id}/plan.txt"
    assert requests.get(url, timeout=PATIENCE).content == b"12345"
    body = last(confluence, "attachment_viewed")
    assert body["attachedTo"]["id"] == page.id
    # The viewer is the current user.
    assert body["userAccountId"] == ADMINISTRATOR.account_id


def test_a_label(confluence: LocalConfluence, hooked: FakeApp) -> None:
    page, who, labels = (
        add_page(confluence),
        writer(confluence),
        confluence.site.get(Wiki).labels,
    )
    labels.add(who, page, [("global", "brand-new")])
    *_, created, added = delivered(confluence)
    assert created.event == "label_created"
    assert "labeled" not in created.json
    assert added.event == "label_added"
    assert added.json["label"]["name"] == "brand-new"
    assert added.json["labeled"]["labels"] == [{"name": "brand-new"}]
    assert added.json["labeled"]["id"] == page.id
    labels.remove(who, page, "brand-new")
    assert last(confluence, "label_removed")["labeled"]["labels"] == []


def test_a_space(confluence: LocalConfluence, hooked: FakeApp) -> None:
    wiki = confluence.site.get(Wiki)
    space = wiki.spaces.create(
        wiki.viewer(SPACE_ADMINISTRATOR), key="NEW", name="New", description="Why"
    )
    body = last(confluence, "space_created")
    assert body["space"]["key"] == "NEW"
    assert body["space"]["title"] == "New"
    assert body["space"]["isPersonalSpace"] is False
    wiki.spaces.update(wiki.viewer(ADMINISTRATOR), space, homepage_id=HOME)
    body = last(confluence, "space_updated")
    assert body["space"]["homePage"]["id"] == HOME
    assert body["space"]["lastModifierAccountId"] == ADMINISTRATOR.account_id


def test_a_content_property_is_sent_as_a_content(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    page, who = add_page(confluence), writer(confluence)
    properties = confluence.site.get(Wiki).properties
    created = properties.create(who, page, "settings", {"a": 1})
    body = last(confluence, "content_created")
    assert (body["id"], body["title"]) == (created.id, "settings")
    assert body["type"].endswith(":content-property")
    assert body["_expandable"]["container"] == f"/rest/api/content/{page.id}"
    updated = properties.update(who, page, created, 2, 2)
    assert last(confluence, "content_updated")["version"]["number"] == 2
    properties.delete(who, page, updated)
    body = last(confluence, "content_removed")
    assert body["_expandable"]["container"] == "/rest/api/space/DS"


def test_an_anonymous_view_of_a_page_has_no_user(
    confluence: LocalConfluence, hooked: FakeApp
) -> None:
    desk = f"{confluence.origin}/devhost/api/user"
    url = f"{confluence.base_url}/spaces/DS/pages/{HOME}"
    requests.get(url, timeout=PATIENCE)
    seen = last(confluence, "page_viewed")
    assert seen["userAccountId"] == ADMINISTRATOR.account_id
    requests.post(desk, json={"user": "anonymous"}, timeout=PATIENCE)
    assert requests.get(url, timeout=PATIENCE).status_code == 200
    assert "userAccountId" not in last(confluence, "page_viewed")
    assert "sub" not in hooked.events("page_viewed")[-1].claims
