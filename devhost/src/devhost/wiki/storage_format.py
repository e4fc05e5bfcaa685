"""Confluence's storage format: XHTML with its own macros, links and images.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import name2codepoint
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from devhost.wiki.errors import InvalidError
from devhost.wiki.records import Content

AC = "{http://atlassian.com/content}"
RI = "{http://atlassian.com/resource/identifier}"
MACRO = f"{AC}structured-macro"
MAX_DEPTH = 100
BLOCKS = frozenset("p h1 h2 h3 h4 h5 h6 li td th tr pre div blockquote br".split())
XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# Only these entities exist: the body is inside the root element, where it cannot
# declare any.
_DOCTYPE = "<!DOCTYPE storage [{}]>".format(
    "".join(
        f'<!ENTITY {name} "&#{code};">'
        for name, code in name2codepoint.items()
        if name not in XML_ENTITIES
    )
)
_ROOT = f'<storage xmlns:ac="{AC[1:-1]}" xmlns:ri="{RI[1:-1]}">'
# The document that is parsed, with the body in place of the braces.
DOCUMENT = f"{_DOCTYPE}{_ROOT}{{}}</storage>"
_DECLARATION = re.compile(r' xmlns:(?:ac|ri)="[^"]*"')
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_MACRO_TAG = re.compile(
    r"<ac:structured-macro((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?)>"
)

ElementTree.register_namespace("ac", AC[1:-1])
ElementTree.register_namespace("ri", RI[1:-1])


@dataclass(frozen=True)
class Macro:
    """A macro of a page. ``body_type`` is none, plain-text or rich-text.

    A rich body is storage format too.
    """

    id: str
    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    body: str = ""
    body_type: str = "none"


def parse(storage: str) -> Element:
    """Return the tree of a body.

    :raises InvalidError: if it is not well-formed, or nested too deeply.
    """
    try:
        # The standard library's Expat limits the expansion of our own entities.
        root = ElementTree.fromstring(  # noqa: S314 - see above
            DOCUMENT.replace("{}", storage, 1)
        )
    except (ElementTree.ParseError, ValueError) as error:
        raise InvalidError(f"Error parsing xhtml: {error}") from error
    _check_depth(root)
    return root


def _check_depth(root: Element) -> None:
    level, depth = [root], 0
    while level:
        level = [child for element in level for child in element]
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidError("Error parsing xhtml: elements nested too deeply")


def with_macro_ids(storage: str) -> str:
    """Return the body with an ``ac:macro-id`` in every macro, as if it were saved."""
    parts = _CDATA.split(storage)
    # The odd parts are CDATA sections.
    parts[::2] = [_MACRO_TAG.sub(_identified, part) for part in parts[::2]]
    return "".join(parts)


def _identified(tag: re.Match[str]) -> str:
    if "ac:macro-id" in tag[1]:
        return tag[0]
    return f'<ac:structured-macro ac:macro-id="{uuid.uuid4()}"{tag[1]}>'


def macros(storage: str) -> list[Macro]:
    """Return every macro of a body, outer ones before those in their bodies."""
    return [macro_of(element) for element in parse(storage).iter(MACRO)]


def macro_of(element: Element) -> Macro:
    """Return the macro of an ``ac:structured-macro`` element."""
    parameters: dict[str, str] = {}
    body, body_type = "", "none"
    for child in element:
        if child.tag == f"{AC}parameter":
            parameters[child.get(f"{AC}name", "")] = _parameter_value(child)
        elif child.tag == f"{AC}plain-text-body":
            body, body_type = "".join(child.itertext()), "plain-text"
        elif child.tag == f"{AC}rich-text-body":
            body, body_type = inner_storage(child), "rich-text"
    identifier = element.get(f"{AC}macro-id", "")
    return Macro(identifier, element.get(f"{AC}name", ""), parameters, body, body_type)


def _parameter_value(element: Element) -> str:
    text = "".join(element.itertext())
    # A resource identifier, such as <ri:page ri:content-title="…"/>, has the value in
    # its attributes.
    values = [value for child in element for value in child.attrib.values()]
    return text or next(iter(values), "")


def inner_storage(element: Element) -> str:
    """Return the contents of an element, as storage format."""
    parts = [_escape(element.text or "")]
    parts += [ElementTree.tostring(child, "unicode") for child in element]
    return _DECLARATION.sub("", "".join(parts))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(storage: str) -> str:
    """Return the words of a body, for the search index and excerpts."""
    return " ".join("".join(_texts(parse(storage))).split())


def readable_text(content: Content) -> str:
    """Return the words of a content's body; a raw body unchanged."""
    return content.body if content.is_raw else plain_text(content.body)


def _texts(element: Element) -> Iterator[str]:
    if element.tag == f"{AC}parameter":
        return
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        if child.tag in BLOCKS or child.tag.startswith(AC):
            yield " "
        yield child.tail or ""
