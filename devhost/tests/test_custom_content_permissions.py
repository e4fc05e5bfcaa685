"""Permissions on contents of an app's own types: the same as for pages."""

from collections.abc import Callable, Iterator

import pytest
import requests

from devhost.install import lifecycle
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR, ANONYMOUS, ORDINARY_USER, User
from devhost.wiki import Wiki
from devhost.wiki.custom_content import CustomType
from devhost.wiki.editor import Edit, NewContent
from devhost.wiki.errors import InvalidError, NotFoundError, NotPermittedError
from devhost.wiki.records import Content
from tests.bare_site import open_site
from tests.custom_app import CUSTOMER, V2, customer, serve_custom_app
from tests.fake_app import FakeApp, sign

OUTER, INNER = "ac:app:outer", "ac:app:inner"


@pytest.fixture
def content() -> Iterator[tuple[Callable[[User], None], Callable[[User], Content]]]:
    """Functions that create a content in a space, and read it, as a given user."""
    with open_site() as site:
        wiki = site.get(Wiki)
        types = {OUTER: CustomType(OUTER, frozenset({"space"}))}
        wiki.custom.types = lambda: types
        admin = wiki.viewer(ADMINISTRATOR)
        space = wiki.spaces.get(admin, "LEAD")
        new = NewContent(OUTER, space, "Acme")
        made = wiki.custom.create(admin, new, representation="storage")

        def write(user: User) -> None:
            viewer = wiki.viewer(user)
            edit = Edit(2, title="Changed")
            wiki.custom.update(viewer, made, edit, representation="")

        def read(user: User) -> Content:
            return wiki.contents.get(wiki.viewer(user), made.id)

        yield write, read


Ways = tuple[Callable[[User], None], Callable[[User], Content]]


@pytest.mark.parametrize("user", [ORDINARY_USER, ANONYMOUS])
def test_users_who_cannot_see_the_space_see_no_content(
    content: Ways, user: User
) -> None:
    write, read = content
    with pytest.raises(NotFoundError):
        read(user)
    with pytest.raises(NotFoundError):
        write(user)
    write(ADMINISTRATOR)
    assert read(ADMINISTRATOR).title == "Changed"


def test_a_reader_cannot_create_content() -> None:
    with open_site() as site:
        wiki = site.get(Wiki)
        wiki.custom.types = lambda: {OUTER: CustomType(OUTER, frozenset({"space"}))}
        visitor = wiki.viewer(ANONYMOUS)
        new = NewContent(OUTER, wiki.spaces.get(visitor, "DS"), "Acme")
        with pytest.raises(NotPermittedError):
            wiki.custom.create(visitor, new, representation="storage")


@pytest.mark.parametrize(("children", "is_good"), [([INNER], True), ([], False)])
def test_the_container_must_allow_the_type(children: list[str], is_good: bool) -> None:
    with open_site() as site:
        wiki = site.get(Wiki)
        types = {
            OUTER: CustomType(OUTER, frozenset({"space"}), frozenset(children)),
            INNER: CustomType(INNER, frozenset({OUTER})),
        }
        wiki.custom.types = lambda: types
        who = wiki.viewer(ADMINISTRATOR)
        space = wiki.spaces.get(who, "DS")
        outer = wiki.custom.create(
            who, NewContent(OUTER, space, "Outer"), representation="storage"
        )
        new = NewContent(INNER, space, "Inner", container=outer)
        if is_good:
            created = wiki.custom.create(who, new, representation="storage")
            assert created.container_id == outer.id
        else:
            with pytest.raises(InvalidError, match="supportedChildTypes"):
                wiki.custom.create(who, new, representation="storage")


@pytest.mark.parametrize(("scope", "status"), [("WRITE", 201), ("READ", 403)])
def test_an_app_needs_the_scope(
    confluence: LocalConfluence, scope: str, status: int
) -> None:
    with serve_custom_app(confluence) as app:
        app.descriptor["scopes"] = [scope]
        assert send(confluence, app, "POST", V2).status_code == status
        listed = send(confluence, app, "GET", f"{V2}?type={CUSTOMER}")
        assert listed.status_code == 200


def send(
    confluence: LocalConfluence, app: FakeApp, method: str, path: str
) -> requests.Response:
    if not app.events("installed"):
        lifecycle.install(confluence.site, app.descriptor_url)
    headers = {"Authorization": f"JWT {sign(app, method, path)}"}
    body = customer() if method == "POST" else None
    return requests.request(
        method, confluence.base_url + path, json=body, headers=headers, timeout=30
    )
