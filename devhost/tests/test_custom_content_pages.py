"""Contents of an app's own types on the pages of the local Confluence."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from devhost.access_rules import block
from devhost.server import LocalConfluence
from devhost.site.users import ANONYMOUS
from devhost.wiki import Wiki
from devhost.wiki.editor import NewContent
from devhost.wiki.records import Content
from tests.custom_app import (
    CUSTOMER,
    DATA,
    HOME,
    NOTE,
    declared,
    serve_custom_app,
)
from tests.fake_app import APP_KEY, FakeApp
from tests.pages import boot, claims_of
from tests.webhook_app import writer

Add = Callable[..., Content]


@pytest.fixture
def app(confluence: LocalConfluence) -> Iterator[FakeApp]:
    with serve_custom_app(confluence) as running:
        yield running


@pytest.fixture
def add(confluence: LocalConfluence, installed: FakeApp) -> Add:
    """Create a content in a space, or in the content with an id."""

    def create(
        type: str, within: str = "", space_key: str = "DS", **more: Any
    ) -> Content:
        wiki, who = confluence.site.get(Wiki), writer(confluence)
        space = wiki.spaces.get(who, space_key)
        container = wiki.contents.get(who, within) if within else None
        given = {"title": "Acme <b>", "container": container, **more}
        said = "raw" if type == DATA else "storage"
        return wiki.custom.create(
            who, NewContent(type, space, **given), representation=said
        )

    return create


def get(confluence: LocalConfluence, path: str) -> requests.Response:
    return requests.get(confluence.base_url + path, timeout=30)


def address(content: Content) -> str:
    return f"/spaces/{content.space.key}/custom-content/{content.id}"


def test_a_content_opens_in_the_page_that_its_type_names(
    confluence: LocalConfluence, installed: FakeApp, add: Add
) -> None:
    content = add(CUSTOMER)
    page = get(confluence, f"{address(content)}?ac.more=a+b&other=x")
    assert page.status_code == 200
    query = parse_qs(urlsplit(page.url).query)
    assert query == {
        "content.id": [content.id],
        "space.key": ["DS"],
        "ac.more": ["a b"],
    }
    (frame,) = boot(page)["frames"]
    given = parse_qs(urlsplit(frame["url"]).query)
    assert {name: given[name][0] for name in ("id", "plugin", "version")} == {
        "id": content.id,
        "plugin": CUSTOMER,
        "version": "1",
    }
    assert (given["space"], given["more"]) == (["DS"], ["a b"])
    claims = claims_of(frame["url"], installed.secret)
    assert claims["context"]["confluence"]["content"] == {
        "id": content.id,
        "type": "custom",
        "version": "1",
        "plugin": CUSTOMER,
    }


def test_a_page_and_a_space_list_what_is_in_them(
    confluence: LocalConfluence, installed: FakeApp, add: Add
) -> None:
    in_space, in_page = add(CUSTOMER), add(CUSTOMER, HOME)
    space = get(confluence, "/spaces/DS").text
    page = get(confluence, f"/spaces/DS/pages/{HOME}").text
    for html, own, other in ((space, in_space, in_page), (page, in_page, in_space)):
        assert "<h2>Name of customer</h2>" in html
        assert f'href="/wiki{address(own)}"' in html
        assert f'href="/wiki{address(other)}"' not in html
        assert f"{installed.base_url}/customer.png" in html
        assert "Acme &lt;b&gt;" in html
        assert "Name of note" not in html


def test_without_a_page_of_the_app_the_body_is_shown(
    confluence: LocalConfluence, add: Add
) -> None:
    parent = add(CUSTOMER)
    note = add(NOTE, parent.id, body="<p>Some <strong>words</strong></p>")
    html = get(confluence, address(note)).text
    assert "<strong>words</strong>" in html
    assert "Name of note" in html
    assert f'<a href="/wiki{address(parent)}">' in html
    data = add(DATA, HOME, body='{"a": "<script>"}')
    assert "<pre>{&#34;a&#34;: &#34;&lt;script&gt;&#34;}</pre>" in (
        get(confluence, address(data)).text
    )


def test_missing_and_hidden_contents_are_404(
    confluence: LocalConfluence, add: Add
) -> None:
    content = add(CUSTOMER, space_key="HB")
    assert get(confluence, "/spaces/DS/custom-content/1").status_code == 404
    assert get(confluence, f"/spaces/DS/custom-content/{HOME}").status_code == 404
    elsewhere = f"/spaces/DS/custom-content/{content.id}"
    assert get(confluence, elsewhere).status_code == 404
    assert get(confluence, address(content)).status_code == 200
    confluence.site.switch_user(ANONYMOUS)
    assert get(confluence, address(content)).status_code == 404


def test_a_blocked_app_does_not_show_its_content(
    confluence: LocalConfluence, add: Add
) -> None:
    content = add(CUSTOMER)
    block(confluence.site, APP_KEY, "DS")
    page = get(confluence, address(content))
    assert page.status_code == 403
    assert "Blocked by a policy" in page.text


def test_the_desk_says_where_contents_of_a_type_are(
    confluence: LocalConfluence, add: Add
) -> None:
    url = f"{confluence.origin}/devhost/api/apps/{APP_KEY}/modules"
    found = {
        each["key"]: each for each in requests.get(url, timeout=30).json()["modules"]
    }
    where = f"contents of the type {CUSTOMER}, in blogpost, page, space"
    assert found["customer"]["where"] == where
    assert found["customer"]["address"] == "/wiki/spaces/DS"
    assert "it has no contentViewComponent" in found["note"]["where"]
    assert {found[key]["hidden"] for key in ("customer", "note", "rawData")} == {""}


def test_the_desk_reports_a_type_without_containers(
    confluence: LocalConfluence, desk: Callable[..., requests.Response]
) -> None:
    with serve_custom_app(confluence, customContent=[declared("lost")]) as app:
        assert desk("install", descriptorUrl=app.descriptor_url).status_code == 200
        url = f"{confluence.origin}/devhost/api/apps/{APP_KEY}/modules"
        found = requests.get(url, timeout=30).json()["modules"]
    (lost,) = (each for each in found if each["key"] == "lost")
    assert lost["hidden"] == "its apiSupport.supportedContainerTypes names nothing"
