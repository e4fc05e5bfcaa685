"""Content properties that apps declare, in CQL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from devhost.modules.content_properties import property_fields
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from tests.fake_app import FakeApp, serve_app, sign

Post = Callable[..., requests.Response]
Search = Callable[[str], requests.Response]
KEYS = {
    "propertyKey": "count",
    "extractions": [
        {"objectName": "words", "type": "number", "alias": "wordcount"},
        {"objectName": "meta.author", "type": "string"},
        {"objectName": "meta.summary", "type": "TEXT", "alias": "summary"},
        {"objectName": "checked", "type": "date"},
        {"objectName": 'quoted"', "type": "string", "alias": "quoted"},
        {"objectName": "a..b", "type": "string", "alias": "gap"},
        {"objectName": "odd", "type": "boolean", "alias": "odd"},
    ],
}
VALUES: dict[str, Any] = {
    "98421": {
        "words": 5,
        "meta": {"author": "Ada", "summary": "A Short text"},
        "checked": "2026-03-02T09:30:00Z",
    },
    "98422": {"words": 50.5, "meta": {"author": "Uma"}, "checked": "2026-04-01"},
}


@pytest.fixture
def search(confluence: LocalConfluence, desk: Post) -> Iterator[Search]:
    module = {
        "key": "props",
        "name": {"value": "Properties"},
        "keyConfigurations": [KEYS, {"propertyKey": 7}, "no object"],
    }
    wiki = confluence.site.get(Wiki)
    viewer = wiki.viewer(ADMINISTRATOR)
    for identifier, value in VALUES.items():
        page = wiki.contents.get(viewer, identifier)
        wiki.properties.create(viewer, page, "count", value)
    modules = {"confluenceContentProperties": [module]}
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        desk("install", descriptorUrl=app.descriptor_url)
        yield lambda query: _search(confluence, app, query)


def _search(confluence: LocalConfluence, app: FakeApp, query: str) -> requests.Response:
    request = requests.Request(
        "GET", f"{confluence.base_url}/rest/api/content/search", params={"cql": query}
    ).prepare()
    target = str(request.url).removeprefix(confluence.base_url)
    request.headers["Authorization"] = f"JWT {sign(app, 'GET', target)}"
    with requests.Session() as session:
        return session.send(request, timeout=10)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("content.property[count].words <= 5", {"98421"}),
        ("content.property[count].words > 5", {"98422"}),
        ("content.property[count].words = 50.5", {"98422"}),
        ("wordcount < 1000 and space = DS", {"98421", "98422"}),
        ("wordcount in (5, 6)", {"98421"}),
        ("wordcount >= 0 and wordcount != 5", {"98422"}),
        ('content.property[count].meta.author = "Ada"', {"98421"}),
        ("content.property[count].meta.author in (Ada, Uma)", {"98421", "98422"}),
        ("content.property[count].meta.author = ada", set()),
        ('summary ~ "short"', {"98421"}),
        ('summary ~ "text absent"', set()),
        ('content.property[count].checked > "2026-03-15"', {"98422"}),
        ('content.property[count].checked <= "2026-03-02"', set()),
    ],
)
def test_a_declared_value_is_found(search: Search, query: str, found: set[str]) -> None:
    answer = search(query)
    assert answer.status_code == 200, answer.text
    assert {each["id"] for each in answer.json()["results"]} == found


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("content.property[count].undeclared = 1", "no enabled app declares it"),
        ("content.property[other].words = 1", "no enabled app declares it"),
        ("wordcount ~ 5", "The operator ~ is not supported for the field wordcount"),
        ("summary = x", "The operator = is not supported for the field summary"),
        ("wordcount = many", "many is not a number for wordcount"),
        ("content.property[count].checked = soon", "soon is not a date"),
        ("quoted = x", "Unknown field quoted"),
        ("gap = x", "Unknown field gap"),
        ("odd = x", "Unknown field odd"),
    ],
)
def test_an_undeclared_value_is_refused(search: Search, query: str, says: str) -> None:
    answer = search(query)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_a_content_type_that_no_app_declares_is_refused(search: Search) -> None:
    for query in ('type = "ac:app:thing"', "type in (page, 'AC:app:thing')"):
        answer = search(query)
        assert answer.status_code == 400
        assert "No enabled app declares" in answer.json()["message"]


def test_without_its_app_a_field_is_unknown(
    confluence: LocalConfluence, search: Search, desk: Post
) -> None:
    assert "wordcount" in property_fields(confluence.site)
    assert desk("apps/com.example.fake/disable").status_code == 200
    assert property_fields(confluence.site) == {}


def test_the_desk_lists_the_names(confluence: LocalConfluence, search: Search) -> None:
    url = f"{confluence.origin}/devhost/api/apps/com.example.fake/modules"
    (module,) = requests.get(url, timeout=10).json()["modules"]
    assert "content.property[count].words, wordcount" in module["where"]
    assert module["hidden"] == ""
