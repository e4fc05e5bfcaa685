"""Macros in storage format: writing and replacing them.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

import uuid
from html import escape
from xml.parsers import expat

from devhost.wiki.errors import InvalidError
from devhost.wiki.storage_format import DOCUMENT, Macro, parse

TAG = "ac:structured-macro"


def write(macro: Macro) -> str:
    """Return a macro as storage format; give it an id if it has none.

    :raises InvalidError: if its rich body is not well-formed.
    """
    parts = [
        f'<ac:parameter ac:name="{escape(name)}">{escape(value, quote=False)}'
        "</ac:parameter>"
        for name, value in macro.parameters.items()
        if value != ""
    ]
    if macro.body_type == "plain-text":
        parts.append(f"<ac:plain-text-body>{_cdata(macro.body)}</ac:plain-text-body>")
    elif macro.body_type == "rich-text":
        parse(macro.body)
        parts.append(f"<ac:rich-text-body>{macro.body}</ac:rich-text-body>")
    identifier = macro.id or str(uuid.uuid4())
    head = (
        f'<{TAG} ac:name="{escape(macro.name)}" ac:schema-version="1"'
        f' ac:macro-id="{escape(identifier)}"'
    )
    written = f"{head}>{''.join(parts)}</{TAG}>" if parts else f"{head} />"
    parse(written)
    return written


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def replace(storage: str, index: int, replacement: str) -> str:
    """Return the body with other text in place of one macro.

    Macros are counted from 0 in the order in which they begin.

    :raises InvalidError: if the body is not well-formed, or has no such macro.
    """
    parse(storage)
    spans = _Spans(storage).found
    if not 0 <= index < len(spans):
        raise InvalidError("There is no such macro any more")
    begin, end = spans[index]
    encoded = storage.encode()
    return (encoded[:begin] + replacement.encode() + encoded[end:]).decode()


class _Spans:
    """Where each macro begins and ends, in bytes, in the order of their starts."""

    def __init__(self, storage: str) -> None:
        self.found: list[tuple[int, int]] = []
        self._open: list[int] = []
        head, tail = DOCUMENT.split("{}")
        self._head, self._text = head.encode(), storage.encode()
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.Parse(self._head + self._text + tail.encode(), True)

    def _offset(self) -> int:
        return self._parser.CurrentByteIndex - len(self._head)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == TAG:
            self._open.append(len(self.found))
            self.found.append((self._offset(), 0))

    def _end(self, name: str) -> None:
        if name == TAG:
            number = self._open.pop()
            self.found[number] = (self.found[number][0], self._end_here())

    def _end_here(self) -> int:
        # For an empty element, the parser is already at what follows it.
        offset = self._offset()
        is_tag = self._text.startswith(f"</{TAG}".encode(), offset)
        return self._text.index(b">", offset) + 1 if is_tag else offset
