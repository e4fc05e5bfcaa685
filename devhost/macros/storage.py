"""Writing macros into storage format, and replacing them there.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

import uuid
from html import escape
from xml.parsers import expat

from devhost.wiki.storage_format import DOCUMENT, Macro, parse, with_macro_ids

TAG = "ac:structured-macro"


def write(macro: Macro) -> str:
    """Return a macro as storage format; one without an id gets one.

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


def replace(storage: str, macro_id: str, replacement: str) -> str | None:
    """Return the body with another text in place of one macro.

    None if it carries no macro with this id.

    :raises InvalidError: if it is not well-formed.
    """
    parse(storage)
    span = _Spans(with_macro_ids(storage)).found.get(macro_id)
    if span is None:
        return None
    encoded = with_macro_ids(storage).encode()
    return (encoded[: span[0]] + replacement.encode() + encoded[span[1] :]).decode()


class _Spans:
    """Where each macro begins and ends, in bytes; ``found`` by macro id."""

    def __init__(self, storage: str) -> None:
        self.found: dict[str, tuple[int, int]] = {}
        self._open: list[tuple[str, int]] = []
        self._head, self._tail = DOCUMENT.split("{}")
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._text = storage.encode()
        self._parser.Parse(self._head.encode() + self._text + self._tail.encode(), True)

    def _offset(self) -> int:
        return self._parser.CurrentByteIndex - len(self._head.encode())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == TAG:
            self._open.append((attributes.get("ac:macro-id", ""), self._offset()))

    def _end(self, name: str) -> None:
        if name != TAG:
            return
        identifier, begin = self._open.pop()
        self.found.setdefault(identifier, (begin, self._end_here()))

    def _end_here(self) -> int:
        # Of an empty element the parser names what follows it.
        offset = self._offset()
        is_tag = self._text.startswith(f"</{TAG}".encode(), offset)
        return self._text.index(b">", offset) + 1 if is_tag else offset
