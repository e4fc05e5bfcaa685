"""Writing a macro into storage format, replacing it there, and autoconvert."""

import pytest

from devhost.modules.macros.autoconvert import converted, is_url
from devhost.modules.macros.definitions import MacroDefinition, definition_of
from devhost.modules.macros.storage import replace, write
from devhost.modules.module import MACRO_TYPE, Module
from devhost.site.installations import Installation
from devhost.wiki.errors import InvalidError
from devhost.wiki.storage_format import Macro, macros
from tests.macro_pages import macro_xml

ODD = {'a"b': "<&>\"'ö", "list": "x,y"}


@pytest.mark.parametrize(
    ("body", "body_type"),
    [("", "none"), ("a ]]> <b>", "plain-text"), ("<p>a <b>b</b></p>", "rich-text")],
)
def test_a_written_macro_can_be_read(body: str, body_type: str) -> None:
    macro = Macro("m-1", "poll", ODD, body, body_type)
    assert macros(write(macro)) == [macro]


def test_a_macro_without_an_id_gets_one_and_empty_parameters_go() -> None:
    [macro] = macros(write(Macro("", "poll", {"a": "", "b": "1"})))
    assert len(macro.id) == 36
    assert macro.parameters == {"b": "1"}


def test_a_rich_body_must_be_well_formed() -> None:
    with pytest.raises(InvalidError):
        write(Macro("", "poll", {}, "</ac:rich-text-body>", "rich-text"))


INNER = macro_xml("inner", id="i")
BODIES = [
    '<p>ö{}<ac:structured-macro ac:name="next" /></p>',
    '<ac:structured-macro ac:name="a>b" ac:macro-id="o"><ac:rich-text-body>'
    "<p>{}</p></ac:rich-text-body></ac:structured-macro >",
    "<![CDATA[<ac:structured-macro>]]>{}<p>&ouml;</p>",
]
EMPTY = '<ac:structured-macro ac:name="inner" />'


@pytest.mark.parametrize("macro", [INNER, EMPTY])
@pytest.mark.parametrize("around", BODIES)
def test_one_macro_is_replaced_and_nothing_else(around: str, macro: str) -> None:
    storage = around.format(macro)
    index = [each.name for each in macros(storage)].index("inner")
    assert replace(storage, index, "ö!") == around.format("ö!")


def test_replacing_the_outer_macro_replaces_its_contents() -> None:
    assert replace("a" + BODIES[1].format(INNER) + "b", 0, "") == "ab"


@pytest.mark.parametrize("index", [-1, 1])
def test_a_macro_that_is_not_there_is_not_replaced(index: int) -> None:
    with pytest.raises(InvalidError, match="no such macro"):
        replace(INNER, index, "")
    with pytest.raises(InvalidError):
        replace("<p>", 0, "")


def definition(*patterns: object) -> MacroDefinition:
    app = Installation("a", "c", "s", "http://a/x.json", {"baseUrl": "http://a"})
    matchers = [{"pattern": each} for each in patterns]
    autoconvert = {"urlParameter": "link", "matchers": matchers}
    declared = {"key": "video", "url": "/v", "autoconvert": autoconvert}
    return definition_of(Module(app, MACRO_TYPE, declared))


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("https://v.example/{}/watch", "https://v.example/1/watch", True),
        ("https://v.example/{}/watch", "https://v.example//watch", False),
        ("https://v.example/{}", "https://v.example/", False),
        ("https://v.example/{}", "https://v.example/a/b", True),
        ("https://v.example/{}/x/{}", "https://v.example/a/x/b", True),
        ("https://v.example/{}/x/{}", "https://v.example/a/y/b", False),
        ("https://v.example/only", "https://v.example/only", True),
        ("https://v.example/only", "https://v.example/only/more", False),
        (7, "https://v.example/", False),
    ],
)
def test_a_url_that_fits_becomes_a_macro(pattern: object, url: str, fits: bool) -> None:
    macro = converted([definition(pattern)], url)
    assert (macro is not None) == fits
    if macro:
        assert (macro.name, macro.parameters) == ("video", {"link": url})


@pytest.mark.parametrize("text", ["", "a", "ftp://a/", "https://a/ b", "https://"])
def test_only_one_address_is_a_url(text: str) -> None:
    assert is_url("https://a/")
    assert not is_url(text)
