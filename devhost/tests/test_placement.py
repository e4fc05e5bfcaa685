"""Placement: where the modules of an app are shown."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from devhost.modules.locations import LINK_AREAS, PANEL_AREAS, find_area
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from devhost.wiki.attachments import File
from tests.bridge_app import BridgeApp
from tests.module_app import MODULE_KEY, serve_module_app

DOCUMENT = Path(__file__).parents[1] / "docs" / "modules-and-conditions.md"
Post = Callable[..., requests.Response]
PAGE = "/wiki/spaces/DS/pages/98421"
ADDRESS = f"/wiki/plugins/servlet/ac/{MODULE_KEY}"
LINK = re.compile(r'<a href="([^"]*)" class="([^"]*)"\s+data-module="[^"/]*/([^"]*)"')


@pytest.fixture
def module_app(confluence: LocalConfluence, desk: Post) -> Iterator[BridgeApp]:
    with serve_module_app(confluence) as running:
        assert desk("install", descriptorUrl=running.descriptor_url).status_code == 200
        yield running


@pytest.fixture
def show(confluence: LocalConfluence, module_app: BridgeApp) -> Callable[[str], str]:
    def get(path: str) -> str:
        answer = requests.get(confluence.origin + path, timeout=10)
        assert answer.status_code == 200
        return answer.text

    return get


Show = Callable[[str], str]


def links(html: str) -> dict[str, tuple[str, str]]:
    """Return the address and the classes of every link to a module."""
    return {key: (unescape(to), classes) for to, classes, key in LINK.findall(html)}


def frames(html: str) -> dict[str, dict[str, Any]]:
    found = re.search(r'id="boot">(.*?)</script>', html, re.DOTALL)
    assert found
    return {one["moduleKey"]: one for one in json.loads(found[1])["frames"]}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/wiki/", {"on-dashboard"}),
        ("/wiki/spaces/DS", {"in-space", "in-space-menu"}),
        ("/wiki/spaces/DS/pages/create", {"in-space", "in-editor"}),
        (
            PAGE,
            {"in-space", "light", "dialog-item", "inline-item", "in-comment", "byline"},
        ),
        (f"/wiki/people/{ADMINISTRATOR.account_id}", {"in-profile"}),
        ("/wiki/admin", {"admin-page", "admin-looks"}),
        ("/wiki/spaces/viewspacesummary.action?key=DS", {"tab", "light-tab"}),
    ],
)
def test_links_are_where_their_location_is(
    show: Show, path: str, shown: set[str]
) -> None:
    everywhere = {"in-header", "in-help", "in-user-menu", "default-page"}
    found = links(show(path)).keys()
    assert found >= shown | everywhere
    elsewhere = {"on-dashboard", "in-space-menu", "light", "in-profile", "admin-page"}
    assert not found & (elsewhere - shown)
    assert not found & {"nowhere", "hidden-page", "configure", "get-started"}


def test_links_are_ordered_by_weight_within_their_section(show: Show) -> None:
    html = show(PAGE)
    menu = html[html.index("More actions") :]
    order = [key for _, _, key in LINK.findall(menu)]
    assert order.index("in-section") < order.index("light") < order.index("heavy")
    assert 'aria-label="Name of own-section"' in menu
    tabs = [
        key
        for _, _, key in LINK.findall(
            show("/wiki/spaces/viewspacesummary.action?key=DS")
        )
        if "tab" in key
    ]
    assert tabs[-2:] == ["light-tab", "tab"]


def test_a_link_takes_the_context_of_its_page_along(
    show: Show, module_app: BridgeApp
) -> None:
    found = links(show(PAGE))
    assert found["light"][0] == f"{ADDRESS}/light"
    assert found["page-of-content"][0] == f"{ADDRESS}/page-of-content"
    assert found["to-page"][0] == f"{ADDRESS}/viewer"
    assert found["to-product"][0] == "/wiki/pages/viewinfo.action?pageId=98421"
    address = found["context-item"][0]
    assert parse_qs(urlsplit(address).query) == {
        "content.id": ["98421"],
        "space.key": ["DS"],
    }
    url = frames(show(address))["context-item"]["url"]
    assert "/context?page=98421&space=DS&" in url


def test_a_link_with_a_target_is_opened_by_the_bridge(show: Show) -> None:
    html = show(PAGE)
    found = links(html)
    key = f"ap-plugin-key-{MODULE_KEY}"
    assert found["inline-item"][1] == (
        f"ap-inline-dialog {key} ap-module-key-inline-item"
    )
    assert found["dialog-item"][1] == (
        f"button ap-dialog {key} ap-module-key-dialog-item own-style"
    )
    assert found["module-item"][1] == (
        f"button ap-dialog {key} ap-module-key-box ap-target-key-box"
    )
    assert "#" not in found["dialog-item"][0]


def test_icon_and_tooltip_of_a_link_are_shown(
    confluence: LocalConfluence, show: Show, module_app: BridgeApp
) -> None:
    html = show(PAGE)
    assert 'title="Opens a dialog" aria-haspopup="dialog"' in html
    assert f'src="{module_app.base_url}/icon.png" alt="" width="20"' in html
    answer = requests.get(confluence.origin + PAGE, timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert f"img-src 'self' data: {module_app.base_url};" in policy


def test_panels_are_signed_iframes_where_their_location_is(
    show: Show, module_app: BridgeApp
) -> None:
    everywhere = {"everywhere", "footer-panel"}
    assert frames(show("/wiki/")).keys() == {*everywhere, "home-panel"}
    assert frames(show("/wiki/spaces/DS")).keys() == {*everywhere, "space-panel"}
    on_page = frames(show(PAGE))
    of_page = {"space-panel", "right-panel", "end-panel", "top-panel"}
    assert on_page.keys() == {*everywhere, *of_page}
    assert "editor-panel" in frames(show("/wiki/spaces/DS/pages/create"))
    url = on_page["right-panel"]["url"]
    assert dict(parse_qsl(urlsplit(url).query))["id"] == "98421"
    assert requests.get(url, timeout=10).status_code == 200
    assert on_page["everywhere"]["width"] == "50%"
    assert on_page["everywhere"]["height"] == "60px"


def test_the_tools_of_the_host_show_no_panel_of_an_app(show: Show) -> None:
    assert frames(show("/devhost/")) == {}


def test_a_byline_item_follows_its_content_property(
    confluence: LocalConfluence, show: Show
) -> None:
    assert ">Name of byline<" in show(PAGE)
    site = confluence.site
    viewer = site.get(Wiki).viewer(ADMINISTRATOR)
    page = site.get(Wiki).contents.get(viewer, "98421")
    look = {
        "name": {"value": "3 approvals"},
        "tooltip": {"value": "By <you>"},
        # The module has no icon, so none is shown.
        "icon": {"url": "/other.png", "width": 16, "height": 16},
    }
    site.get(Wiki).properties.create(viewer, page, "byline-look", look)
    html = show(PAGE)
    assert ">3 approvals<" in html
    assert 'title="By &lt;you&gt;"' in html
    assert "/other.png" not in html
    found = site.get(Wiki).properties.get(page, "byline-look")
    site.get(Wiki).properties.update(viewer, page, found, "no object", 2)
    assert ">Name of byline<" in show(PAGE)


def test_custom_data_of_an_address_reaches_the_iframe(show: Show) -> None:
    html = show(f"{ADDRESS}/default-page?ac.colour=deep%20blue&colour=red")
    frame = frames(html)["default-page"]
    assert "/default-page?data=deep%20blue&" in frame["url"]
    assert frame["options"]["customData"] == {"colour": "deep blue"}


def test_a_space_tab_knows_its_space(
    confluence: LocalConfluence, show: Show, desk: Post
) -> None:
    settings = "/wiki/spaces/viewspacesummary.action?key=DS"
    address = links(show(settings))["tab"][0]
    assert address == f"{ADDRESS}/tab?space.key=DS"
    html = show(address)
    assert "/tab?key=DS&" in frames(html)["tab"]["url"]
    context = frames(html)["tab"]["options"]["productContext"]["confluence"]
    assert context == {"space": {"id": "65538", "key": "DS"}}
    assert 'aria-label="Space settings"' in html
    assert settings.replace("&", "&amp;") in show("/wiki/spaces/DS")


def test_the_settings_of_a_space_are_for_those_who_administer_it(
    confluence: LocalConfluence, show: Show, desk: Post
) -> None:
    settings = "/wiki/spaces/viewspacesummary.action?key="
    desk("user", user="user")
    assert (
        requests.get(f"{confluence.origin}{settings}DS", timeout=5).status_code == 403
    )
    assert settings not in show("/wiki/spaces/DS")
    assert (
        requests.get(f"{confluence.origin}{settings}NO", timeout=5).status_code == 404
    )


def test_the_settings_link_to_configure_and_get_started(show: Show) -> None:
    html = show("/wiki/admin")
    assert f'href="{ADDRESS}/configure">Configure</a>' in html
    assert f'href="{ADDRESS}/get-started">Get started</a>' in html


def test_an_anonymous_visitor_has_no_menu_of_a_person(show: Show, desk: Post) -> None:
    desk("user", user="anonymous")
    assert "in-user-menu" not in links(show("/wiki/"))


def test_the_most_exact_location_wins() -> None:
    def name(location: str, areas: Any) -> str | None:
        area = find_area(location, areas)
        return area.name if area else None

    assert name("system.content.action/secondary", LINK_AREAS) == "content-action"
    assert name("system.content.actionable", LINK_AREAS) is None
    assert name("atl.page.right", PANEL_AREAS) == "content-right"
    assert name("atl.page.metadata.banner", PANEL_AREAS) == "content-top"


def test_areas_have_unique_names_and_locations() -> None:
    for areas in (LINK_AREAS, PANEL_AREAS):
        names = [area.name for area in areas]
        places = [place for area in areas for place in area.locations]
        assert len(set(names)) == len(names)
        assert len(set(places)) == len(places)


def test_every_area_is_on_the_page_that_the_desk_links_to(
    confluence: LocalConfluence, show: Show
) -> None:
    """No template forgets an area, which would hide its modules silently."""
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(ADMINISTRATOR)
    page = wiki.contents.get(viewer, "98421")
    wiki.attachments.add(viewer, page, File("a.txt", b"a"))
    url = f"{confluence.origin}/devhost/api/apps/{MODULE_KEY}/modules"
    modules = requests.get(url, timeout=10).json()["modules"]
    descriptions = {area.description for area in (*LINK_AREAS, *PANEL_AREAS)}
    placed = [each for each in modules if each["where"] in descriptions]
    assert {each["where"] for each in placed} == descriptions
    pages: dict[str, str] = {}
    for each in placed:
        address, key = each["address"], each["key"]
        if each["type"] == "webSections":
            continue
        if address not in pages:
            pages[address] = show(address)
        shown = {*links(pages[address]), *frames(pages[address])}
        assert key in shown, key


def test_every_location_is_in_the_document() -> None:
    document = DOCUMENT.read_text("utf-8")
    for area in (*LINK_AREAS, *PANEL_AREAS):
        names = ", ".join(f"`{place}`" for place in area.locations)
        assert f"| {names} | {area.description} |" in document
