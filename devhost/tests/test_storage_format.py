"""Storage format: macros, words, and HTML that is safe to show."""

import re

import pytest

from devhost.wiki.errors import InvalidError
from devhost.wiki.render import Surroundings, render
from devhost.wiki.storage_format import Macro, macros, plain_text, with_macro_ids

MACRO = (
    '<ac:structured-macro ac:name="poll" ac:macro-id="m-1">'
    '<ac:parameter ac:name="color">deep &amp; blue</ac:parameter>'
    '<ac:parameter ac:name="page"><ri:page ri:content-title="T"/></ac:parameter>'
    "<ac:rich-text-body><p>a <strong>b</strong> &nbsp;</p>"
    '<ac:structured-macro ac:name="code"><ac:plain-text-body>'
    "<![CDATA[1 < 2 & <ac:structured-macro>]]></ac:plain-text-body>"
    "</ac:structured-macro></ac:rich-text-body></ac:structured-macro>"
)


def test_a_macro_is_read_with_parameters_and_body() -> None:
    outer, inner = macros(MACRO)
    assert (outer.id, outer.name, outer.body_type) == ("m-1", "poll", "rich-text")
    assert outer.parameters == {"color": "deep & blue", "page": "T"}
    assert outer.body.startswith("<p>a <strong>b</strong> \xa0</p><ac:structured-macro")
    assert macros(outer.body)[0].body == inner.body
    assert (inner.name, inner.body_type) == ("code", "plain-text")
    assert inner.body == "1 < 2 & <ac:structured-macro>"


def test_every_macro_gets_an_id_when_it_is_saved() -> None:
    saved = with_macro_ids(MACRO)
    outer, inner = macros(saved)
    assert outer.id == "m-1"
    assert re.fullmatch(r"[0-9a-f-]{36}", inner.id)
    assert inner.body == "1 < 2 & <ac:structured-macro>"
    assert with_macro_ids(saved) == saved
    assert (
        with_macro_ids('<ac:structured-macro ac:name="a>b" />').count("macro-id") == 1
    )


def test_the_words_of_a_body_are_found_without_parameters() -> None:
    assert plain_text(MACRO) == "a b 1 < 2 & <ac:structured-macro>"
    assert plain_text("<p>one</p><p>two<br/>three</p>") == "one two three"


@pytest.mark.parametrize(
    ("storage", "html"),
    [
        ("<p>a &amp; b &lt;i&gt;</p>", "<p>a &amp; b &lt;i&gt;</p>"),
        ("<script>alert(1)</script>", ""),
        ('<p onclick="x()" style="y">a</p>', "<p>a</p>"),
        ('<a href="javascript:x()">a</a>', "<a>a</a>"),
        ('<a href="//evil.example">a</a>', "<a>a</a>"),
        ('<a href=" javascript:x()">a</a>', "<a>a</a>"),
        (
            '<a href="https://x.example/?a=1&amp;b=&quot;">a</a>',
            '<a href="https://x.example/?a=1&amp;b=&quot;" rel="noopener noreferrer">'
            "a</a>",
        ),
        ("<iframe src='x'>a</iframe>", "a"),
        ("<svg onload='x()'/>", ""),
        ("<h2>A b</h2>", '<h2 id="A-b">A b</h2>'),
        ('<td colspan="2">a</td>', '<td colspan="2">a</td>'),
        (
            '<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">'
            '"x</ac:parameter><ac:parameter ac:name="title">&lt;b&gt;</ac:parameter>'
            "</ac:structured-macro>",
            '<span class="status status-grey">&lt;b&gt;</span>',
        ),
        (
            '<ac:structured-macro ac:name="&lt;x&gt;" />',
            '<span class="notice macro-message">'
            "Unknown macro: &#x27;&lt;x&gt;&#x27;</span>",
        ),
        (
            '<ac:structured-macro ac:name="jira" />',
            '<span class="notice macro-message">'
            "The macro jira is not in the local Confluence.</span>",
        ),
        (
            '<ac:image><ri:url ri:value="javascript:x()"/></ac:image>',
            "",
        ),
        (
            '<ac:image ac:alt="a&quot;b"><ri:url ri:value="https://x/"/></ac:image>',
            '<img src="https://x/" alt="a&quot;b">',
        ),
        ("a<br/>b<hr/>", "a<br>b<hr>"),
        (
            '<time datetime="2024-01-02&quot;" onclick="x()"/>',
            '<time datetime="2024-01-02&quot;">2024-01-02&quot;</time>',
        ),
        ('<ac:emoticon ac:name="x" ac:emoji-fallback="&lt;3"/>', "&lt;3"),
        ("<ac:placeholder>write here</ac:placeholder>", ""),
        ('<ac:link><ri:user ri:account-id="1"/></ac:link>', ""),
        (
            "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status>"
            "<ac:task-body>&lt;b&gt;</ac:task-body></ac:task><ac:task>"
            "<ac:task-status>incomplete</ac:task-status></ac:task></ac:task-list>",
            '<ul class="tasks"><li><label><input type="checkbox" disabled checked> '
            '&lt;b&gt;</label></li><li><label><input type="checkbox" disabled> '
            "</label></li></ul>",
        ),
    ],
)
def test_a_body_becomes_safe_html(storage: str, html: str) -> None:
    assert render(storage) == html


def confluence_macro(name: str, title: str = "", body: str = "") -> str:
    return (
        f'<ac:structured-macro ac:name="{name}"><ac:parameter ac:name="title">{title}'
        f"</ac:parameter>{body}</ac:structured-macro>"
    )


RICH = "<ac:rich-text-body><p>a<script>x()</script></p></ac:rich-text-body>"
PLAIN = "<ac:plain-text-body><![CDATA[<b>&]]></ac:plain-text-body>"


@pytest.mark.parametrize(
    ("storage", "html"),
    [
        (
            confluence_macro("info", "&lt;T&gt;", RICH),
            '<div class="panel panel-info"><p><strong>&lt;T&gt;</strong></p>'
            "<p>a</p></div>",
        ),
        (
            confluence_macro("warning", body=RICH),
            '<div class="panel panel-warning"><p>a</p></div>',
        ),
        (
            confluence_macro("code", body=PLAIN),
            '<pre class="code"><code>&lt;b&gt;&amp;</code></pre>',
        ),
        (
            confluence_macro("expand", "&lt;T&gt;", RICH),
            "<details><summary>&lt;T&gt;</summary><p>a</p></details>",
        ),
        (
            confluence_macro("expand", body=RICH),
            "<details><summary>Click here to expand</summary><p>a</p></details>",
        ),
        (confluence_macro("excerpt", body=RICH), "<p>a</p>"),
        (
            '<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">'
            "a&quot;b</ac:parameter></ac:structured-macro>",
            '<span id="a&quot;b"></span>',
        ),
        (
            confluence_macro("toc") + "<h1>&lt;One&gt;</h1>",
            '<nav aria-label="Table of contents"><ul class="toc"><li class="toc-h1">'
            '<a href="#%3COne%3E">&lt;One&gt;</a></li></ul></nav>'
            '<h1 id="%3COne%3E">&lt;One&gt;</h1>',
        ),
    ],
)
def test_macros_of_confluence_itself_become_safe_html(storage: str, html: str) -> None:
    assert render(storage) == html


def test_the_surroundings_give_links_images_and_macros() -> None:
    def show(macro: Macro) -> str | None:
        return f"<b>{macro.name}</b>" if macro.name == "poll" else None

    around = Surroundings(
        lambda title, key: f"/{key}/{title}" if title == "T" else None,
        lambda name: f"/files/{name}",
        show,
    )
    page = '<ri:page ri:space-key="DS" ri:content-title="T"/>'
    link = f"<ac:link>{page}<ac:link-body><em>x</em></ac:link-body></ac:link>"
    assert render(link, around) == '<a href="/DS/T"><em>x</em></a>'
    missing = '<ac:link><ri:page ri:content-title="No"/></ac:link>'
    assert render(missing, around) == "No"
    image = '<ac:image><ri:attachment ri:filename="a.png"/></ac:image>'
    assert render(image, around) == '<img src="/files/a.png" alt="">'
    assert render(MACRO, around) == "<b>poll</b>"


def test_documents_with_their_own_entities_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    with pytest.raises(InvalidError):
        render(bomb + "<p>&a;</p>")
    with pytest.raises(InvalidError):
        render("</storage><storage>")
    with pytest.raises(InvalidError):
        render("<p>\x00</p>")
