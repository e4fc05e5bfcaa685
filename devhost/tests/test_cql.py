"""CQL: what queries find, and how unsupported ones are refused."""

from collections.abc import Iterator

import pytest

from devhost.site.state import State
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki, cql
from devhost.wiki.errors import InvalidError
from devhost.wiki.search import query_of


@pytest.fixture(scope="module")
def wiki() -> Iterator[Wiki]:
    state = State()
    yield Wiki(state)
    state.close()


def titles(wiki: Wiki, query: str) -> list[str]:
    viewer = wiki.viewer(ADMINISTRATOR)
    found = wiki.contents.fetch(viewer, query_of(cql.parse(query)), limit=50)
    return [each.title for each in found]


RELEASE = ["Weekly releases, four weeks in", "Release notes", "Orchard 1.4 is out"]
HOMES = ["Leadership Home", "Orchard Project Home", "Team Handbook Home"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("label = release", RELEASE),
        ("label=release and type=page", ["Release notes"]),
        ('label = "release" AND type != page', [RELEASE[0], RELEASE[2]]),
        ("label in (decision, onboarding)", ["Onboarding", "Decision: one queue"]),
        ("label = release order by title", [RELEASE[2], RELEASE[1], RELEASE[0]]),
        ("label = release order by title DESC", [RELEASE[0], RELEASE[1], RELEASE[2]]),
        ("space = LEAD", ["Leadership Home", "Staffing 2026"]),
        ("space.key = 'lead'", ["Leadership Home", "Staffing 2026"]),
        ("space not in (DS, HB, ORC) and title ~ staff*", ["Staffing 2026"]),
        ('title = "release NOTES"', ["Release notes"]),
        ('title ~ "home" order by title', HOMES),
        ("text ~ idempotent", ["Architecture"]),
        ('text ~ "consumers added"', ["Decision: one queue"]),
        (r'text ~ "\"a release\""', ["Decision: one queue"]),
        (r'text ~ "\"release a\""', []),
        ("text ~ idempot", []),
        ("text ~ idempot*", ["Architecture"]),
        ("text !~ the and space = LEAD", ["Leadership Home", "Staffing 2026"]),
        ("id = 98421", ["Welcome to the demonstration"]),
        ("id in (98421, nonsense)", ["Welcome to the demonstration"]),
        ("parent = 98421 and type = page", ["Formatting examples", "Page with att"]),
        ("ancestor = 98421 and title ~ below", ["A page below a page"]),
        ("container = 98425", ["parts.svg", "release-figures.csv"]),
        ("type = blogpost and not label = release", ["The demonstration space"]),
        ("type=comment and text ~ build", ["Re: Onboarding"]),
        (
            "(space = LEAD or space = DS) and (title ~ home or title ~ welcome)"
            " and type = page",
            ["Welcome to the demonstration", "Leadership Home"],
        ),
        (
            "space = LEAD or space = DS and title ~ formatting",
            ["Formatting examples", "Leadership Home", "Staffing 2026"],
        ),
        ("title = 'it''s'", None),
        ('title = "O\'Neill -- ; DROP TABLE content"', []),
    ],
)
def test_a_query_finds_the_expected_contents(
    wiki: Wiki, query: str, expected: list[str] | None
) -> None:
    if expected is None:
        with pytest.raises(cql.CqlError):
            titles(wiki, query)
        return
    found = titles(wiki, query)
    assert len(found) == len(expected), found
    assert all(a.startswith(b) for a, b in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "space",
        "space =",
        "space = DS and",
        "space = DS title = x",
        "(space = DS",
        "space = DS)",
        "space in DS",
        "space in ()",
        "space in (DS",
        "space = 'DS",
        "space ~ DS",
        "text = x",
        "nonsense = x",
        "order by",
        "order title",
        "space not = DS",
        "space = DS order by title sideways",
        "not " * 100 + "space = DS",
        "(" * 100 + "space = DS" + ")" * 100,
        "space = DS or " * 1000 + "space = DS",
        '"space" = DS',
    ],
)
def test_invalid_cql_is_refused(query: str) -> None:
    with pytest.raises(cql.CqlError) as refused:
        cql.parse(query)
    assert not isinstance(refused.value, cql.CqlNotHereError)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("macro = toc", "macro"),
        ("lastmodified > '2026-01-01'", "lastmodified"),
        ("creator = currentUser()", "currentUser"),
        ("id > 5", ">"),
        ("space = DS order by relevance", "relevance"),
        ("space = DS order by title, id", "more than one"),
    ],
)
def test_unsupported_cql_is_named(query: str, names: str) -> None:
    with pytest.raises(cql.CqlNotHereError, match=names):
        cql.parse(query)


@pytest.mark.parametrize("words", ["***", '"\\"\\""', "-"])
def test_a_search_without_words_is_refused(words: str) -> None:
    with pytest.raises(InvalidError, match="no word"):
        query_of(cql.parse(f"text ~ {words}"))
