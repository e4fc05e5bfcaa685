"""The variables of a module's URL, and the context claim, in every kind of place."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from devhost.modules.iframes import iframe_url
from devhost.modules.macros.on_page import MacroOnPage
from devhost.modules.places import Place
from devhost.protocol.query_string_hash import query_string_hash
from devhost.site import Site
from devhost.site.installations import Installations
from devhost.wiki import Wiki, reading
from devhost.wiki.editor import Edit
from tests.bare_site import BASE_URL, place
from tests.fake_app import APP_KEY

NAMES = (
    "content.id content.type content.version content.plugin page.id page.type"
    " page.version page.title space.id space.key user.id user.key profileUser.name"
    " macro.id macro.hash macro.body macro.truncated output.type colour ac.tab nobody"
).split()
URL = "/path?" + "&".join(f"{name}={{{name}}}" for name in NAMES)
LICENSE: dict[str, Any] = {"active": False}


def post_id(site: Site) -> str:
    return next(each.id for each in reading.recent(site) if each.type == "blogpost")


def macro(**changes: Any) -> MacroOnPage:
    given: dict[str, Any] = {"parameters": {"colour": "sea green"}, "body": "Hello"}
    return MacroOnPage(id="m-1", hash="h-1", **{**given, **changes})


def bound(site: Site, where: Place) -> dict[str, str]:
    """Return the variables that are bound, as the app reads them."""
    url = iframe_url(site, where)
    got = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    assert set(NAMES) < set(got)
    return {name: got[name] for name in NAMES if got[name]}


def claims(site: Site, where: Place) -> dict[str, Any]:
    """Return the claims of the iframe's token, once its hash is checked."""
    url = iframe_url(site, where)
    app = site.get(Installations).find_enabled(APP_KEY)
    assert app
    token = dict(parse_qsl(urlsplit(url).query))["jwt"]
    decoded: dict[str, Any] = jwt.decode(token, app.shared_secret, algorithms=["HS256"])
    assert decoded["qsh"] == query_string_hash("GET", url.removeprefix(BASE_URL))
    return decoded


def context(site: Site, where: Place) -> dict[str, Any]:
    found: dict[str, Any] = claims(site, where)["context"]
    assert found["license"] == LICENSE
    assert found["url"] == {"displayUrl": site.display_url}
    assert set(found) == {"confluence", "license", "url"}
    confluence: dict[str, Any] = found["confluence"]
    return confluence


def test_a_page_binds_content_page_and_space(site: Site) -> None:
    where = place(site, content="98421", url=URL)
    page = where.content
    assert page
    version = str(page.version)
    assert bound(site, where) == {
        "content.id": "98421",
        "content.type": "page",
        "content.version": version,
        "page.id": "98421",
        "page.type": "page",
        "page.version": version,
        "page.title": page.title,
        "space.id": "65538",
        "space.key": "DS",
    }
    assert context(site, where) == {
        "content": {"id": "98421", "type": "page", "version": version, "plugin": ""},
        "space": {"id": "65538", "key": "DS"},
    }


def test_a_blog_post_has_its_own_content_type(site: Site) -> None:
    where = place(site, content=post_id(site), url=URL)
    assert bound(site, where)["content.type"] == "blogpost"
    assert context(site, where)["content"]["type"] == "blogpost"


def test_an_edit_raises_the_version(site: Site) -> None:
    before = place(site, content="98421", url=URL)
    assert before.content
    writer = site.get(Wiki).viewer(site.user)
    edit = Edit(before.content.version + 1, body="<p>New</p>")
    site.get(Wiki).editor.update(writer, before.content, edit)
    after = place(site, content="98421", url=URL)
    expected = str(before.content.version + 1)
    assert bound(site, after)["content.version"] == expected
    assert context(site, after)["content"]["version"] == expected


def test_a_space_binds_the_space_only(site: Site) -> None:
    where = place(site, space="DS", url=URL)
    assert bound(site, where) == {"space.id": "65538", "space.key": "DS"}
    assert context(site, where) == {"space": {"id": "65538", "key": "DS"}}


def test_a_global_place_binds_nothing(site: Site) -> None:
    where = place(site, url=URL)
    assert bound(site, where) == {}
    assert context(site, where) == {}


def test_a_macro_binds_itself_and_its_parameters(site: Site) -> None:
    where = replace(
        place(site, content="98421", type="dynamicContentMacros", url=URL),
        macro=macro(),
    )
    variables = bound(site, where)
    assert variables["content.id"] == "98421"
    assert {name: variables[name] for name in variables if "." not in name} == {
        "colour": "sea green"
    }
    assert {name: variables[name] for name in variables if "macro" in name} == {
        "macro.id": "m-1",
        "macro.hash": "h-1",
        "macro.body": "Hello",
        "macro.truncated": "false",
    }
    assert variables["output.type"] == "display"
    assert context(site, where)["macro"] == {
        "id": "m-1",
        "hash": "h-1",
        "outputType": "display",
    }


def test_a_long_body_of_a_macro_is_cut(site: Site) -> None:
    where = replace(place(site, content="98421", url=URL), macro=macro(body="x" * 129))
    variables = bound(site, where)
    assert variables["macro.body"] == "x" * 128
    assert variables["macro.truncated"] == "true"


def test_a_macro_parameter_does_not_stand_for_the_content(site: Site) -> None:
    named = macro(parameters={"content.id": "1", "space.key": "XX"})
    where = replace(place(site, content="98421", url=URL), macro=named)
    variables = bound(site, where)
    assert variables["content.id"] == "98421"
    assert variables["space.key"] == "DS"


def test_custom_data_is_bound_as_ac(site: Site) -> None:
    where = replace(place(site, url=URL), custom={"tab": "two words"})
    assert bound(site, where) == {"ac.tab": "two words"}
    assert context(site, where) == {}


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a&b=c", "a%26b%3Dc"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("50%", "50%25"),
        ("ä€", "%C3%A4%E2%82%AC"),
        ("{content.id}", "%7Bcontent.id%7D"),
        ('<script>"', "%3Cscript%3E%22"),
        ("-._~", "-._~"),
        # Half a character, as JSON can hold one.
        ("\udc80", "%EF%BF%BD"),
    ],
)
def test_a_value_is_percent_encoded_wherever_it_stands(
    site: Site, value: str, encoded: str
) -> None:
    where = replace(
        place(site, url="/in/{ac.x}/path?q={ac.x}&r=1"), custom={"x": value}
    )
    url = iframe_url(site, where)
    assert url.startswith(f"{BASE_URL}/in/{encoded}/path?q={encoded}&r=1&xdm_e=")
    assert claims(site, where)


def test_an_unbound_variable_of_a_path_is_empty(site: Site) -> None:
    where = place(site, url="/a/{space.key}/b?{nobody}")
    assert iframe_url(site, where).startswith(f"{BASE_URL}/a//b?&xdm_e=")


def test_half_a_character_in_a_declared_url_is_replaced(site: Site) -> None:
    where = place(site, url="/a\udc80b")
    assert iframe_url(site, where).startswith(f"{BASE_URL}/a%EF%BF%BDb?xdm_e=")
