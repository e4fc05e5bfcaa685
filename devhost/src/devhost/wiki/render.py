"""Rendering of storage format as safe HTML: for REST's views and our own pages.

Only known elements and attributes are kept, so that a body cannot bring a script into a
page of the host.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote
from xml.etree.ElementTree import Element

from devhost.wiki.macro_messages import notice, unknown
from devhost.wiki.storage_format import AC, MACRO, RI, Macro, macro_of, parse

VOID = frozenset({"br", "hr", "col"})
ELEMENTS = VOID | frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd strong b em i u s del ins sub sup small big"
    " code pre blockquote cite table thead tbody tfoot tr td th colgroup caption a span"
    " div time".split()
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ATTRIBUTES = frozenset({"colspan", "rowspan", "datetime", "scope", "start"})
# Links that open a dialog of an app: ap-dialog ap-plugin-key-… ap-module-key-…
BRIDGE_CLASS = re.compile(r"ap-[A-Za-z0-9._-]+")
SAFE_ADDRESS = re.compile(r"(https?://|mailto:|/(?![/\\])|#)", re.IGNORECASE)
PANELS = frozenset({"info", "note", "tip", "warning", "panel"})
TRANSPARENT = frozenset({"excerpt", "section", "column", "details"})
# Confluence's own macros that are not here; any other name is an unknown macro.
OTHER_MACROS = frozenset(
    "attachments blog-posts change-history chart children contentbylabel"
    " contributors contributors-summary create-from-template detailssummary excerpt-"
    " include favpages gallery include index jira jirachart livesearch loremipsum"
    " multimedia navmap network pagetree pagetreesearch popular-labels profile"
    " profile-picture recently-updated recently-updated-dashboard related-labels"
    " roadmap space-attachments spaces-list tasks-report-macro userlister view-file"
    " viewdoc viewpdf viewppt viewxls widget".split()
)
COLOURS = frozenset({"grey", "red", "yellow", "green", "blue", "purple"})


@dataclass(frozen=True)
class Surroundings:
    """What a body does not contain itself.

    ``page_address`` finds the address of a page by title and space key (None:
    the same space), ``file_address`` that of an attachment by file name.
    ``macro`` renders an app's macro as HTML, None if it knows no such macro.
    """

    page_address: Callable[[str, str | None], str | None] = lambda title, key: None
    file_address: Callable[[str], str | None] = lambda name: None
    macro: Callable[[Macro], str | None] = lambda macro: None


NOTHING = Surroundings()


def render(storage: str, around: Surroundings = NOTHING) -> str:
    """Return a body as safe HTML.

    :raises InvalidError: if the body is not well-formed.
    """
    root = parse(storage)
    return _Renderer(around, root).inside(root)


class _Renderer:
    def __init__(self, around: Surroundings, root: Element) -> None:
        self._around = around
        self._root = root

    def inside(self, element: Element | None) -> str:
        if element is None:
            return ""
        parts = [escape(element.text or "")]
        for child in element:
            parts += [self._element(child), escape(child.tail or "")]
        return "".join(parts)

    def _element(self, element: Element) -> str:
        if element.tag in ELEMENTS:
            return self._html(element)
        if element.tag == MACRO:
            return self._macro(element)
        if element.tag == f"{AC}link":
            return self._link(element)
        if element.tag == f"{AC}image":
            return self._image(element)
        if element.tag in {f"{AC}task-list", f"{AC}task"}:
            return self._task(element)
        if element.tag in {f"{AC}placeholder", "script", "style"}:
            return ""
        if element.tag == f"{AC}emoticon":
            return escape(element.get(f"{AC}emoji-fallback", ""))
        return self.inside(element)

    def _html(self, element: Element) -> str:
        attributes = "".join(
            f' {name}="{escape(value)}"'
            for name, value in element.attrib.items()
            if name in ATTRIBUTES
        )
        address = element.get("href", "")
        if element.tag == "a" and SAFE_ADDRESS.match(address):
            attributes += f' href="{escape(address)}" rel="noopener noreferrer"'
        if element.tag == "a":
            attributes += _bridge_classes(element)
        if element.tag in HEADINGS:
            attributes += f' id="{_anchor(element)}"'
        if element.tag == "time" and not element.text:
            return f"<time{attributes}>{escape(element.get('datetime', ''))}</time>"
        if element.tag in VOID:
            return f"<{element.tag}{attributes}>"
        return f"<{element.tag}{attributes}>{self.inside(element)}</{element.tag}>"

    def _link(self, element: Element) -> str:
        body = element.find(f"{AC}link-body")
        plain = element.find(f"{AC}plain-text-link-body")
        text = self.inside(body if body is not None else plain)
        page = element.find(f"{RI}page")
        if page is None:
            return text
        title = page.get(f"{RI}content-title", "")
        address = self._around.page_address(title, page.get(f"{RI}space-key"))
        label = text or escape(title)
        return label if address is None else f'<a href="{escape(address)}">{label}</a>'

    def _image(self, element: Element) -> str:
        file, url = element.find(f"{RI}attachment"), element.find(f"{RI}url")
        address: str | None = None
        if file is not None:
            address = self._around.file_address(file.get(f"{RI}filename", ""))
        elif url is not None and SAFE_ADDRESS.match(url.get(f"{RI}value", "")):
            address = url.get(f"{RI}value")
        alt = escape(element.get(f"{AC}alt", ""))
        return "" if address is None else f'<img src="{escape(address)}" alt="{alt}">'

    def _task(self, element: Element) -> str:
        if element.tag == f"{AC}task-list":
            return f'<ul class="tasks">{self.inside(element)}</ul>'
        done = (element.findtext(f"{AC}task-status") or "").strip() == "complete"
        body = self.inside(element.find(f"{AC}task-body"))
        box = f'<input type="checkbox" disabled{" checked" if done else ""}>'
        return f"<li><label>{box} {body}</label></li>"

    def _macro(self, element: Element) -> str:
        macro = macro_of(element)
        rendered = self._around.macro(macro)
        if rendered is not None:
            return rendered
        body = self.inside(element.find(f"{AC}rich-text-body"))
        if macro.name in PANELS:
            title = escape(macro.parameters.get("title", ""))
            head = f"<p><strong>{title}</strong></p>" if title else ""
            return f'<div class="panel panel-{macro.name}">{head}{body}</div>'
        if macro.name in {"code", "noformat"}:
            return f'<pre class="code"><code>{escape(macro.body)}</code></pre>'
        if macro.name == "expand":
            title = escape(macro.parameters.get("title", "") or "Click here to expand")
            return f"<details><summary>{title}</summary>{body}</details>"
        if macro.name in TRANSPARENT:
            return body
        return self._small_macro(macro)

    def _small_macro(self, macro: Macro) -> str:
        if macro.name == "status":
            colour = macro.parameters.get("colour", "grey").lower()
            colour = colour if colour in COLOURS else "grey"
            title = escape(macro.parameters.get("title", ""))
            return f'<span class="status status-{colour}">{title}</span>'
        if macro.name == "toc":
            return self._contents()
        if macro.name == "anchor":
            return f'<span id="{escape(macro.parameters.get("", ""))}"></span>'
        if macro.name not in OTHER_MACROS:
            return unknown(macro.name)
        return notice(f"The macro {macro.name} is not in the local Confluence.")

    def _contents(self) -> str:
        items = "".join(
            f'<li class="toc-{heading.tag}"><a href="#{_anchor(heading)}">'
            f"{escape(''.join(heading.itertext()))}</a></li>"
            for heading in self._root.iter()
            if heading.tag in HEADINGS
        )
        return f'<nav aria-label="Table of contents"><ul class="toc">{items}</ul></nav>'


def _bridge_classes(link: Element) -> str:
    names = link.get("class", "").split()
    kept = " ".join(name for name in names if BRIDGE_CLASS.fullmatch(name))
    return f' class="{kept}"' if kept else ""


def _anchor(heading: Element) -> str:
    return quote(re.sub(r"\s+", "-", "".join(heading.itertext()).strip()), safe="-")
