"""The wiki itself: permissions, changes, storage and speed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from devhost.site.state import State
from devhost.site.users import (
    ADMINISTRATOR,
    ANONYMOUS,
    ORDINARY_USER,
    SPACE_ADMINISTRATOR,
    User,
)
from devhost.wiki import Wiki
from devhost.wiki.access import Role, Viewer
from devhost.wiki.attachments import File
from devhost.wiki.changes import Change
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    NotPermittedError,
)
from devhost.wiki.queries import statement
from devhost.wiki.records import Content

HOME = "98421"
MANY = 10_000


@pytest.fixture
def state() -> Iterator[State]:
    state = State()
    yield state
    state.close()


@pytest.fixture
def wiki(state: State) -> Wiki:
    return Wiki(state)


@pytest.fixture
def user(wiki: Wiki) -> Viewer:
    return wiki.viewer(ORDINARY_USER)


@pytest.fixture
def home(wiki: Wiki, user: Viewer) -> Content:
    return wiki.contents.get(user, HOME)


@pytest.fixture
def changes(wiki: Wiki) -> list[Change]:
    heard: list[Change] = []

    def listen(sender: Wiki, change: Change) -> None:
        heard.append(change)

    wiki.changes.connect(listen, sender=wiki, weak=False)
    return heard


def add_page(wiki: Wiki, viewer: Viewer, parent: Content, title: str) -> Content:
    new = NewContent("page", parent.space, title, "<p>x</p>", parent=parent)
    return wiki.editor.create(viewer, new)


def add_comment(wiki: Wiki, viewer: Viewer, page: Content) -> Content:
    new = NewContent("comment", page.space, "Re", "<p>c</p>", container=page)
    return wiki.editor.create(viewer, new)


# The seeded wiki.


def test_the_demonstration_page_is_where_it_always_was(home: Content) -> None:
    assert home.title == "Welcome to the demonstration"
    assert home.context() == {
        "content": {"id": HOME, "type": "page", "version": "3", "plugin": ""},
        "space": {"id": "65538", "key": "DS"},
    }


@pytest.mark.parametrize(
    ("person", "keys"),
    [
        (ADMINISTRATOR, ["DS", "HB", "ORC", "LEAD"]),
        (SPACE_ADMINISTRATOR, ["DS", "HB", "ORC"]),
        (ORDINARY_USER, ["DS", "HB", "ORC"]),
        (ANONYMOUS, ["DS"]),
    ],
)
def test_everybody_sees_their_spaces(wiki: Wiki, person: User, keys: list[str]) -> None:
    spaces = wiki.spaces.all(wiki.viewer(person))
    assert [space.key for space in spaces] == keys


def test_a_wiki_is_seeded_once_and_again_when_it_is_reset(
    state: State, wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    page = add_page(wiki, user, home, "Mine")
    again = Wiki(state)
    assert again.contents.get(user, page.id).title == "Mine"
    changes.clear()
    wiki.reset()
    assert wiki.contents.find(user, page.id) is None
    assert wiki.contents.get(user, HOME).version == 3
    assert changes == []


# Permissions.


@pytest.mark.parametrize(
    ("person", "role"),
    [
        (ADMINISTRATOR, Role.ADMINISTER),
        (SPACE_ADMINISTRATOR, Role.ADMINISTER),
        (ORDINARY_USER, Role.WRITE),
        (ANONYMOUS, Role.READ),
    ],
)
def test_everybody_has_one_role_in_a_space(
    wiki: Wiki, home: Content, person: User, role: Role
) -> None:
    viewer = wiki.viewer(person)
    for asked in Role:
        assert viewer.may(asked, home.space) is (asked <= role)


def test_invisible_contents_do_not_exist(wiki: Wiki, user: Viewer) -> None:
    admin = wiki.viewer(ADMINISTRATOR)
    secret = wiki.spaces.get(admin, "LEAD")
    assert secret.homepage_id
    assert wiki.contents.find(user, secret.homepage_id) is None
    with pytest.raises(NotFoundError):
        wiki.spaces.get(user, "LEAD")
    with pytest.raises(NotFoundError):
        wiki.editor.create(user, NewContent("page", secret, "x"))


def test_an_anonymous_visitor_can_only_read(wiki: Wiki, home: Content) -> None:
    anonymous = wiki.viewer(ANONYMOUS)
    assert wiki.contents.get(anonymous, HOME).title
    for refused in (
        lambda: wiki.editor.trash(anonymous, home),
        lambda: wiki.labels.add(anonymous, home, [("global", "x")]),
        lambda: wiki.properties.create(anonymous, home, "x", 1),
        lambda: wiki.attachments.add(anonymous, home, File("x", b"")),
        lambda: wiki.spaces.create(anonymous, key="X", name="x"),
    ):
        with pytest.raises(NotPermittedError):
            refused()


def test_purging_takes_an_administrator_of_the_space(
    wiki: Wiki, user: Viewer, home: Content
) -> None:
    page = add_page(wiki, user, home, "Short-lived")
    wiki.editor.trash(user, page)
    trashed = wiki.contents.get(user, page.id, ("trashed",))
    with pytest.raises(NotPermittedError):
        wiki.editor.remove(user, trashed)
    wiki.editor.remove(wiki.viewer(SPACE_ADMINISTRATOR), trashed)
    assert wiki.contents.find(user, page.id, ("trashed",)) is None


def test_a_hidden_space_hides_its_contents(user: Viewer, wiki: Wiki) -> None:
    hidden = user.without(frozenset({"65538"}))
    assert wiki.contents.find(hidden, HOME) is None
    pages = wiki.contents.fetch(hidden, wiki.contents.all(("page",)), limit=100)
    assert pages
    assert all(page.space.key != "DS" for page in pages)


# Writing.


def test_an_edit_makes_a_version_and_keeps_the_past(
    wiki: Wiki, user: Viewer, home: Content
) -> None:
    edit = Edit(4, title="Hello", body="<p>new</p>", message="why")
    updated = wiki.editor.update(user, home, edit)
    assert (updated.version, updated.title, updated.body) == (4, "Hello", "<p>new</p>")
    numbers = [version.number for version in wiki.contents.versions(updated)]
    assert numbers == [4, 3, 2, 1]
    assert wiki.contents.get_version(updated, 3).body == home.body
    with pytest.raises(NotFoundError):
        wiki.contents.get_version(updated, 5)


@pytest.mark.parametrize("version", [1, 3, 5])
def test_a_version_that_does_not_follow_is_a_conflict(
    wiki: Wiki, user: Viewer, home: Content, version: int
) -> None:
    with pytest.raises(ConflictError, match="Current version is: 3"):
        wiki.editor.update(user, home, Edit(version, title="x"))
    assert wiki.contents.get(user, HOME) == home


@pytest.mark.parametrize(
    "new",
    [
        {"title": "  "},
        {"title": "x" * 256},
        {"title": "welcome TO the demonstration"},
        {"body": "<p>"},
        {"body": "<x:y/>"},
        {"body": "&nothing;"},
        {"body": "<!DOCTYPE x>"},
        {"body": "<p>" * 200 + "</p>" * 200},
        {"status": "archived"},
    ],
)
def test_an_invalid_page_is_refused(
    wiki: Wiki, user: Viewer, home: Content, new: dict[str, Any]
) -> None:
    good = NewContent("page", home.space, "Fine", "<p>&nbsp;&eacute;</p>")
    with pytest.raises(InvalidError):
        wiki.editor.create(user, replace(good, **new))
    assert wiki.editor.create(user, good).title == "Fine"


def test_the_trash_hides_a_page_with_its_comments_and_gives_them_back(
    wiki: Wiki, user: Viewer, home: Content
) -> None:
    page = add_page(wiki, user, home, "Parent")
    child = add_page(wiki, user, page, "Child")
    comment = add_comment(wiki, user, page)
    wiki.editor.trash(user, page)
    assert wiki.contents.find(user, page.id) is None
    assert wiki.contents.find(user, comment.id) is None
    assert wiki.contents.get(user, child.id).parent_id == HOME
    wiki.editor.update(user, page, Edit(2, status="current"))
    assert wiki.contents.get(user, page.id).version == 2
    assert wiki.contents.get(user, comment.id)


def test_removing_leaves_nothing_behind(
    state: State, wiki: Wiki, home: Content
) -> None:
    admin = wiki.viewer(ADMINISTRATOR)
    page = add_page(wiki, admin, home, "Gone")
    wiki.labels.add(admin, page, [("global", "gone")])
    wiki.properties.create(admin, page, "gone", 1)
    file = wiki.attachments.add(admin, page, File("gone.txt", b"gone"))
    comment = add_comment(wiki, admin, page)
    wiki.editor.update(admin, page, Edit(2, body="<p>gone</p>"))
    wiki.editor.remove(admin, page)
    numbers = [page.number, file.number, comment.number]
    columns = {
        "content": "id",
        "content_version": "content_id",
        "attachment_data": "content_id",
        "content_label": "content_id",
        "content_text": "rowid",
        "property": "owner_id",
    }
    with state.transaction() as sql:
        for table, column in columns.items():
            left = sql.execute(
                f"SELECT count(*) FROM {table} WHERE {column} IN (?, ?, ?)",  # noqa: S608 - our own table names
                numbers,
            )
            assert left.fetchone()[0] == 0, table


def test_pages_are_moved_and_never_below_themselves(
    wiki: Wiki, user: Viewer, home: Content
) -> None:
    def titles() -> list[str]:
        query = wiki.contents.children(home)
        return [each.title for each in wiki.contents.fetch(user, query, limit=9)]

    a, b = (add_page(wiki, user, home, title) for title in "AB")
    first, second = "Formatting examples", "Page with attachments"
    assert titles() == [first, second, "A", "B"]
    formatting = wiki.contents.find_by_title(user, home.space, first)
    assert formatting
    wiki.editor.move(user, b, "before", formatting)
    wiki.editor.move(user, a, "after", formatting)
    assert titles() == ["B", first, "A", second]
    wiki.editor.move(user, b, "append", a)
    assert titles() == [first, "A", second]
    assert [each.id for each in wiki.contents.ancestors(b)] == [HOME, a.id]
    with pytest.raises(InvalidError, match="below itself"):
        wiki.editor.move(user, a, "append", b)
    with pytest.raises(InvalidError, match="itself"):
        wiki.editor.move(user, a, "append", a)
    with pytest.raises(InvalidError, match="position"):
        wiki.editor.move(user, a, "above", b)


def test_a_file_has_versions(wiki: Wiki, user: Viewer, home: Content) -> None:
    file = wiki.attachments.add(user, home, File("a.txt", b"one"))
    assert (file.id[:3], file.details["mediaType"]) == ("att", "text/plain")
    newer = wiki.attachments.replace(user, file, File("a.txt", b"two!"))
    assert (newer.version, newer.details["fileSize"]) == (2, 4)
    assert wiki.attachments.data(newer) == b"two!"
    assert wiki.attachments.data(newer, 1) == b"one"
    with pytest.raises(InvalidError, match="same file name"):
        wiki.attachments.add(user, home, File("a.txt", b""))
    with pytest.raises(InvalidError, match="name"):
        wiki.attachments.add(user, home, File("../a.txt", b""))


@pytest.mark.parametrize("name", ["", "two words", "a,b", "a:b", "x" * 256])
def test_an_invalid_label_is_refused(
    wiki: Wiki, user: Viewer, home: Content, name: str
) -> None:
    with pytest.raises(InvalidError):
        wiki.labels.add(user, home, [("global", name)])


# Announced changes.


def test_every_change_is_announced_once_with_before_and_after(
    wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    page = add_page(wiki, user, home, "Told")
    page = wiki.editor.update(user, page, Edit(2, title="Told twice"))
    wiki.labels.add(user, page, [("global", "fresh")])
    wiki.labels.add(user, page, [("global", "fresh")])
    wiki.labels.remove(user, page, "fresh")
    comment = add_comment(wiki, user, page)
    wiki.editor.remove(user, comment)
    file = wiki.attachments.add(user, page, File("a.txt", b""))
    wiki.attachments.replace(user, file, File("a.txt", b"x"))
    wiki.editor.trash(user, page)
    wiki.editor.update(user, page, Edit(3, status="current"))
    assert [change.event for change in changes] == [
        "page_created",
        "page_updated",
        "label_created",
        "label_added",
        "label_removed",
        "comment_created",
        "comment_removed",
        "attachment_created",
        "attachment_updated",
        "page_trashed",
        "page_restored",
    ]
    created, updated = changes[0], changes[1]
    assert created.before is None
    assert isinstance(updated.before, Content)
    assert isinstance(updated.after, Content)
    assert (updated.before.title, updated.after.title) == ("Told", "Told twice")
    assert updated.account_id == ORDINARY_USER.account_id
    assert changes[3].label
    assert changes[3].label.name == "fresh"
    assert changes[5].details["container"].id == page.id
    assert changes[6].after is None


def test_a_move_a_space_and_a_blog_post_are_announced(
    wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    page = add_page(wiki, user, home, "Mover")
    other = add_page(wiki, user, home, "Other")
    wiki.editor.move(user, page, "append", other)
    space = wiki.spaces.create(user, key="NEW", name="New")
    fresh = wiki.viewer(ORDINARY_USER)
    wiki.spaces.update(fresh, space, name="Newer")
    post = wiki.editor.create(fresh, NewContent("blogpost", space, "Post"))
    wiki.editor.remove(wiki.viewer(ADMINISTRATOR), post)
    assert [change.event for change in changes[2:]] == [
        "page_moved",
        "space_created",
        "space_updated",
        "blog_created",
        "blog_removed",
    ]
    moved = changes[2].details
    assert (moved["oldParent"].id, moved["newParent"].id) == (HOME, other.id)


def test_a_failed_change_is_not_announced(
    wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    with pytest.raises(RuntimeError), wiki.ledger.writing():
        add_page(wiki, user, home, "Never")
        raise RuntimeError
    assert changes == []
    assert wiki.contents.find_by_title(user, home.space, "Never") is None
    add_page(wiki, user, home, "Ever")
    assert [change.event for change in changes] == ["page_created"]


def test_a_change_is_announced_after_the_commit_and_survives_listeners(
    state: State, wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    def fail(sender: Wiki, change: Change) -> None:
        with state.transaction() as sql:
            assert sql.in_transaction
        raise RuntimeError("a bad listener")

    wiki.changes.connect(fail, sender=wiki, weak=False)
    add_page(wiki, user, home, "Kept")
    assert wiki.contents.find_by_title(user, home.space, "Kept")
    assert len(changes) == 1


def test_a_draft_is_announced_when_it_is_published(
    wiki: Wiki, user: Viewer, home: Content, changes: list[Change]
) -> None:
    new = NewContent("page", home.space, "Draft", status="draft", parent=home)
    draft = wiki.editor.create(user, new)
    assert wiki.contents.find(user, draft.id) is None
    assert changes == []
    page = wiki.editor.update(user, draft, Edit(1, status="current"))
    assert (page.status, page.version) == ("current", 1)
    assert [change.event for change in changes] == ["page_created"]


# Ten thousand pages.


@pytest.fixture
def many(state: State, wiki: Wiki, home: Content) -> Wiki:
    with state.transaction() as sql:
        sql.executemany(
            "INSERT INTO content (type, status, space_id, title, parent_id, body,"
            " author_id, created_at, editor_id, modified_at) VALUES ('page',"
            " 'current', 65538, ?, ?, '<p>body</p>', 'a', ?, 'a', ?)",
            [
                (f"Many {n:05}", home.number if n < MANY // 2 else None, n, n)
                for n in range(MANY)
            ],
        )
    return wiki


@pytest.mark.parametrize("order", ["id", "title", "created-date", "modified-date"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("in_space", [False, True])
def test_a_list_is_read_in_the_order_of_an_index(
    many: Wiki, state: State, order: str, descending: bool, in_space: bool
) -> None:
    query = many.contents.all(("page",), order=order, descending=descending)
    if in_space:
        query.where("content.space_id = ?", 65538)
    query.in_spaces(["65538", "65539"])
    sql, values = statement(query, limit=26)
    with state.transaction() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    steps = " / ".join(row["detail"] for row in plan)
    assert "TEMP B-TREE" not in steps
    assert "SCAN" not in steps


def steps_of(state: State, work: Callable[[], object]) -> int:
    """Return how many hundreds of SQLite's own steps *work* takes."""
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1

    with state.transaction() as sql:
        sql.set_progress_handler(tick, 100)
        try:
            work()
        finally:
            sql.set_progress_handler(None, 100)
    return count


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(
            lambda w, v, p: w.contents.fetch(
                v, w.contents.all(("page",), order="title"), limit=26
            ),
            id="list",
        ),
        pytest.param(
            lambda w, v, p: w.contents.fetch(v, w.contents.children(p), limit=26),
            id="children",
        ),
        pytest.param(
            lambda w, v, p: w.contents.fetch(
                v, w.contents.attached(p, "comment"), limit=26
            ),
            id="comments",
        ),
        pytest.param(
            lambda w, v, p: w.contents.find_by_title(v, p.space, "Many 09999"),
            id="title",
        ),
        pytest.param(
            lambda w, v, p: w.editor.update(v, p, Edit(4, title="Other")), id="update"
        ),
    ],
)
def test_ten_thousand_pages_cost_no_more_steps_than_a_page_of_results(
    many: Wiki,
    state: State,
    user: Viewer,
    home: Content,
    read: Callable[[Wiki, Viewer, Content], object],
) -> None:
    # Reading ten thousand rows would take some thousand hundreds of steps.
    assert steps_of(state, lambda: read(many, user, home)) < 60
