"""Confluence's storage format: text and macros that can't become other markup.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

# Not allowed in XML, escaped or not; it would break the whole page.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_END = "]]>"


def legal(text: str) -> str:
    """Return *text* without the characters that XML forbids."""
    return _ILLEGAL.sub("", text)


def storage_text(value: object) -> Markup:
    """Return *value* as text in storage format; ``Markup`` is left alone."""
    return escape(value if isinstance(value, Markup) else legal(str(value)))


def storage_cdata(text: str) -> Markup:
    """Return *text* as a CDATA section, for ``ac:plain-text-body`` and the like."""
    parts = legal(text).replace(_END, f"]]{_END}<![CDATA[>")
    return Markup(f"<![CDATA[{parts}{_END}")  # noqa: S704 - it can't end early.


def storage_macro(
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    rich_text: str | None = None,
    plain_text: str | None = None,
) -> Markup:
    """Return a macro of Confluence or of an app, such as ``storage_macro("info")``.

    *rich_text* is its body as ``Markup`` or text; *plain_text* is always text.
    """
    inner = [
        Markup('<ac:parameter ac:name="{}">{}</ac:parameter>').format(
            storage_text(parameter), storage_text(value)
        )
        for parameter, value in (parameters or {}).items()
    ]
    if rich_text is not None:
        body = storage_text(rich_text)
        inner.append(Markup("<ac:rich-text-body>{}</ac:rich-text-body>").format(body))
    if plain_text is not None:
        body = storage_cdata(plain_text)
        inner.append(Markup("<ac:plain-text-body>{}</ac:plain-text-body>").format(body))
    return Markup('<ac:structured-macro ac:name="{}">{}</ac:structured-macro>').format(
        storage_text(name), Markup("").join(inner)
    )
