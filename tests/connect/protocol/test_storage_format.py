"""Storage format is well formed and preserves its text, whatever is put into it."""

import html
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.connect.protocol.storage_format import (
    legal,
    storage_cdata,
    storage_macro,
    storage_text,
)

HOSTILE = [
    "<script>alert(1)</script>",
    '" onclick="x',
    "' x='",
    "]]>",
    "]]]]>><![CDATA[",
    "&amp; &nbsp; &#0;",
    "</ac:parameter><ac:parameter ac:name='x'>",
    "\x00\x0b\ufffe\ud800",
]


def parse(storage: str) -> ElementTree.Element:
    root = f'<root xmlns:ac="ac" xmlns:ri="ri">{storage}</root>'
    return ElementTree.fromstring(root)  # noqa: S314 - the test's own text.


@pytest.mark.parametrize("text", HOSTILE)
def test_text_comes_out_as_it_went_in(text: str) -> None:
    root = parse(storage_text(text))
    assert (len(root), root.text or "") == (0, legal(text))
    root = parse(storage_cdata(text))
    assert (len(root), root.text or "") == (0, legal(text))


@given(st.text())
def test_any_text_comes_out_without_what_xml_forbids(text: str) -> None:
    # A parser reads each end of a line as a line feed.
    expected = legal(text).replace("\r\n", "\n").replace("\r", "\n")
    for storage in (storage_text(text), storage_cdata(text)):
        assert (parse(storage).text or "") == expected


def test_what_is_legal_is_kept() -> None:
    assert legal("\t\n a\u00df\u6587\U0001f600") == "\t\n a\u00df\u6587\U0001f600"
    assert legal("a\x00b\x1f\x0c\ufffe\uffff\udfffc") == "abc"


def test_markup_is_taken_as_it_is() -> None:
    assert storage_text(Markup("<p>a</p>")) == "<p>a</p>"
    assert storage_text(7) == "7"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_macro_holds_what_it_was_given(text: str) -> None:
    macro = storage_macro(text, {text: text}, rich_text=text, plain_text=text)
    [element] = parse(macro)
    assert element.tag == "{ac}structured-macro"
    assert element.get("{ac}name") == legal(text)
    parameter, rich, plain = element
    assert parameter.get("{ac}name") == legal(text)
    assert (parameter.text or "") == legal(text)
    assert (rich.tag, rich.text or "") == ("{ac}rich-text-body", legal(text))
    assert (plain.tag, plain.text or "") == ("{ac}plain-text-body", legal(text))


def test_a_macro_may_have_no_parameter_and_no_body() -> None:
    assert storage_macro("toc") == (
        '<ac:structured-macro ac:name="toc"></ac:structured-macro>'
    )


def test_a_macro_reads_as_confluence_writes_it() -> None:
    body = Markup("<p>{}</p>").format("a < b")
    assert html.unescape(storage_macro("info", {"title": "T"}, rich_text=body)) == (
        '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T'
        "</ac:parameter><ac:rich-text-body><p>a < b</p></ac:rich-text-body>"
        "</ac:structured-macro>"
    )
