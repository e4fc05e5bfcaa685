"""The page editor: permissions, what is saved, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from devhost.server import LocalConfluence
from devhost.wiki import Wiki
from devhost.wiki.editor import Edit
from tests.pages import boot

Desk = Callable[..., requests.Response]
HOME = "/spaces/DS/pages/98421"
EDIT = "/spaces/DS/pages/edit-v2/98421"
CREATE = "/spaces/DS/pages/create"


class Browser:
    """A browser without scripts."""

    def __init__(self, confluence: LocalConfluence) -> None:
        self.base_url = confluence.base_url

    def get(self, path: str) -> requests.Response:
        return requests.get(self.base_url + path, timeout=30)

    def send(self, path: str, **form: Any) -> requests.Response:
        return requests.post(self.base_url + path, data=form, timeout=30)


@pytest.fixture
def browser(confluence: LocalConfluence) -> Browser:
    return Browser(confluence)


def content(confluence: LocalConfluence) -> Any:
    wiki = confluence.site.get(Wiki)
    return wiki.contents.get(wiki.viewer(confluence.site.user), "98421")


def test_a_page_is_edited(confluence: LocalConfluence, browser: Browser) -> None:
    before = content(confluence)
    assert f'href="/wiki{EDIT}">Edit</a>' in browser.get(HOME).text
    form = browser.get(EDIT).text
    assert f'name="version" value="{before.version}"' in form
    assert "&lt;p&gt;This wiki lives on your machine." in form
    body = "<p>First</p>\r\n<p>Second</p>"
    sent = {"title": "New title", "body": body, "version": before.version}
    saved = browser.send(EDIT, **sent, message="Because")
    assert saved.url == browser.base_url + HOME
    after = content(confluence)
    assert (after.title, after.body) == ("New title", "<p>First</p>\n<p>Second</p>")
    assert (after.version, after.message) == (before.version + 1, "Because")


def test_a_page_is_created_below_another(
    confluence: LocalConfluence, browser: Browser
) -> None:
    address = f"/wiki{CREATE}?parentPageId=98421"
    assert f'href="{address}">Create child page</a>' in browser.get(HOME).text
    chooser = browser.get("/spaces/DS/create").text
    assert f'href="/wiki{CREATE}">Blank page</a>' in chooser
    assert 'name="parentPageId" value="98421"' in browser.get(address[5:]).text
    sent = {"title": "A child", "body": "<p>x</p>", "parentPageId": "98421"}
    created = browser.send(CREATE, **sent)
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(confluence.site.user)
    page = wiki.contents.get(viewer, created.url.rpartition("/")[2])
    assert (page.title, page.parent_id) == ("A child", "98421")
    # A parent in another space is ignored.
    handbook = wiki.spaces.get(viewer, "HB")
    other = {**sent, "title": "Elsewhere", "parentPageId": str(handbook.homepage_id)}
    page = wiki.contents.get(
        viewer, browser.send(CREATE, **other).url.rpartition("/")[2]
    )
    assert page.parent_id is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"body": "<p>not closed"}, "Error parsing xhtml"),
        ({"title": " "}, "title is required"),
        ({"title": "Formatting examples"}, "A page with this title already exists"),
        ({"title": "x" * 256}, "Title cannot be longer than 255 characters"),
    ],
)
@pytest.mark.parametrize("path", [EDIT, CREATE])
def test_an_error_is_shown_and_no_input_is_lost(
    confluence: LocalConfluence,
    browser: Browser,
    path: str,
    changes: dict[str, str],
    says: str,
) -> None:
    before = content(confluence)
    good = {"title": "Mine", "body": "<p>My &amp; text</p>", "version": before.version}
    sent = {**good, "message": "My reason", **changes}
    refused = browser.send(path, **sent)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert says in refused.text
    assert 'value="My reason"' in refused.text
    if "body" not in changes:
        assert "&lt;p&gt;My &amp;amp; text&lt;/p&gt;" in refused.text
    assert content(confluence) == before


def test_a_conflict_is_shown_and_can_be_overruled(
    confluence: LocalConfluence, browser: Browser, desk: Desk
) -> None:
    wiki, page = confluence.site.get(Wiki), content(confluence)
    mine = {"title": page.title, "body": "<p>Mine</p>", "version": page.version}
    desk("user", user="user")
    viewer = wiki.viewer(confluence.site.user)
    wiki.editor.update(viewer, page, Edit(page.version + 1, body="<p>Theirs</p>"))
    desk("user", user="admin")
    refused = browser.send(EDIT, **mine)
    assert refused.status_code == 409
    assert f"Uma User saved version {page.version + 1} of this page" in refused.text
    assert "&lt;p&gt;Mine&lt;/p&gt;" in refused.text
    assert f'name="version" value="{page.version + 1}"' in refused.text
    assert content(confluence).body == "<p>Theirs</p>"
    browser.send(EDIT, **{**mine, "version": page.version + 1})
    assert content(confluence).body == "<p>Mine</p>"


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 400, "٣"])
def test_a_strange_version_is_a_conflict(
    confluence: LocalConfluence, browser: Browser, version: str
) -> None:
    sent = {"title": "t", "body": "", "version": version}
    assert browser.send(EDIT, **sent).status_code == 409


def test_only_users_who_can_write_see_the_editor(
    browser: Browser, desk: Desk, confluence: LocalConfluence
) -> None:
    before = content(confluence)
    good = {"title": "t", "body": "", "version": before.version}
    desk("user", user="anonymous")
    assert "edit-v2" not in browser.get(HOME).text
    assert "pages/create" not in browser.get(HOME).text
    for path in (EDIT, CREATE):
        assert browser.get(path).status_code == 401
        assert browser.send(path, **good).status_code == 401
    desk("user", user="user")
    assert "edit-v2" in browser.get(HOME).text
    assert browser.get(EDIT).status_code == 200
    # A space that does not exist for this user.
    assert browser.get("/spaces/LEAD/pages/create").status_code == 404
    assert content(confluence) == before


@pytest.mark.parametrize(
    "path",
    [
        "/spaces/DS/pages/edit-v2/1",
        "/spaces/HB/pages/edit-v2/98421",
        "/spaces/NO/pages/create",
        "/spaces/%FF/pages/create",
        "/pages/editpage.action",
        "/pages/createpage.action?spaceKey=NO",
    ],
)
def test_a_missing_page_cannot_be_edited(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_old_addresses_lead_to_the_editor(browser: Browser) -> None:
    page = browser.get("/pages/editpage.action?pageId=98421")
    assert page.url == browser.base_url + EDIT
    location = boot(page)["location"]
    assert location["target"] == "contentedit"
    assert location["context"] == {"contentId": "98421", "contentType": "page"}
    page = browser.get("/pages/createpage.action?spaceKey=DS")
    assert page.url == browser.base_url + CREATE


def test_another_site_cannot_write(browser: Browser) -> None:
    headers = {"Origin": "https://evil.example"}
    url = browser.base_url + CREATE
    form = {"title": "t", "body": ""}
    answer = requests.post(url, data=form, headers=headers, timeout=30)
    assert answer.status_code == 403
