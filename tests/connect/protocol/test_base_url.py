"""Base URLs: the strict parser, and the allow list of hosts."""

import pytest

from app.connect.protocol.base_url import (
    host_is_allowed,
    is_loopback,
    parse_base_url,
    parse_display_url,
)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com/base", "https://app.example.com/base"),
        ("https://app.example.com/base/", "https://app.example.com/base"),
        ("https://app.example.com/a/b_c~d-e.f", "https://app.example.com/a/b_c~d-e.f"),
        ("https://app.example.com/...", "https://app.example.com/..."),
        ("https://app.example.com/.well-known", "https://app.example.com/.well-known"),
        ("HTTPS://App.Example.COM/Base", "https://app.example.com/Base"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://app.example.com:0443/a", "https://app.example.com/a"),
        ("https://app.example.com:8443/a", "https://app.example.com:8443/a"),
        ("https://app.example.com:65535", "https://app.example.com:65535"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://a", "https://a"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:8090/wiki", "http://localhost:8090/wiki"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://localhost", "https://localhost"),
    ],
)
def test_a_plain_base_url_is_accepted(text: str, spelling: str) -> None:
    assert str(parse_base_url(text)) == spelling


def test_a_base_url_is_read_into_its_parts() -> None:
    url = parse_base_url("HTTPS://Site.Example:8443/Wiki/")
    assert (url.scheme, url.host, url.port, url.path) == (
        "https",
        "site.example",
        8443,
        "/Wiki",
    )
    assert url.origin == "https://site.example:8443"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("app.example.com", id="no-scheme"),
        pytest.param("//app.example.com", id="no-scheme-but-slashes"),
        pytest.param("https:app.example.com", id="no-slashes"),
        pytest.param("https:/app.example.com", id="one-slash"),
        pytest.param("https:///app.example.com", id="three-slashes"),
        pytest.param("https://", id="no-host"),
        pytest.param("ftp://app.example.com", id="another-scheme"),
        pytest.param("javascript://app.example.com", id="script"),
        pytest.param("xhttps://app.example.com", id="longer-scheme"),
        pytest.param("https://user@app.example.com", id="user"),
        pytest.param("https://user:pass@app.example.com", id="user-and-password"),
        pytest.param("https://@app.example.com", id="empty-user"),
        pytest.param("https://app.example.com@evil.example", id="host-as-user"),
        pytest.param("https://app.example.com?a=1", id="query"),
        pytest.param("https://app.example.com/a?", id="empty-query"),
        pytest.param("https://app.example.com#f", id="fragment"),
        pytest.param("https://app.example.com/a#", id="empty-fragment"),
        pytest.param("https://app.example.com\\a", id="back-slash"),
        pytest.param("https://app.example.com/a\\b", id="back-slash-in-the-path"),
        pytest.param("https://evil.example\\@app.example.com", id="back-slash-at"),
        pytest.param("https:\\\\app.example.com", id="back-slashes"),
        pytest.param("https://app.exa\tmple.com", id="tab"),
        pytest.param("https://app.exa\nmple.com", id="newline"),
        pytest.param("https://app.example.com\n", id="newline-at-the-end"),
        pytest.param("https://app.example.com/\n", id="newline-after-the-slash"),
        pytest.param("https://app.example.com/a\r\nX: y", id="header-injection"),
        pytest.param(" https://app.example.com", id="space-in-front"),
        pytest.param("https://app.example.com ", id="space-at-the-end"),
        pytest.param("https://app.exa mple.com", id="space"),
        pytest.param("https://app.example.com\x00", id="nul"),
        pytest.param("https://app.example.com\u3002evil", id="ideographic-full-stop"),
        pytest.param("https://app.example.com\uff0fa", id="full-width-slash"),
        pytest.param("https://\u0430pp.example.com", id="cyrillic-letter"),
        pytest.param("https://tic\u212aet.example.com", id="kelvin-sign"),
        pytest.param("http\u017f://app.example.com", id="long-s"),
        pytest.param("https://app.example.com:\u0664\u0664\u0663", id="arabic-digits"),
        pytest.param("https://b\u00fccher.example", id="umlaut"),
        pytest.param("https://app.example.com/b\u00fccher", id="umlaut-in-the-path"),
        pytest.param("https://app.example.com.", id="dot-at-the-end"),
        pytest.param("https://.example.com", id="dot-in-front"),
        pytest.param("https://-app.example.com", id="dash-in-front"),
        pytest.param("https://app_.example.com", id="underscore"),
        pytest.param("https://*.example.com", id="asterisk"),
        pytest.param("https://app.example.com/.", id="dot-segment"),
        pytest.param("https://app.example.com/..", id="double-dot-segment"),
        pytest.param("https://app.example.com/a/../b", id="double-dot-segment-within"),
        pytest.param("https://app.example.com/./", id="dot-segment-and-slash"),
        pytest.param("https://app.example.com/%2e%2e/a", id="escaped-dot-segment"),
        pytest.param("https://app.example.com/a%2Fb", id="escaped-slash"),
        pytest.param("https://app.example.com//", id="slashes-at-the-end"),
        pytest.param("https://app.example.com//a", id="slashes-in-front"),
        pytest.param("https://app.example.com/a//b", id="slashes-within"),
        pytest.param("https://app.example.com/a;b", id="semicolon"),
        pytest.param("https://app.example.com/a&b", id="ampersand"),
        pytest.param("https://app.example.com:", id="empty-port"),
        pytest.param("https://app.example.com:0", id="port-0"),
        pytest.param("https://app.example.com:65536", id="port-65536"),
        pytest.param("https://app.example.com:123456", id="port-123456"),
        pytest.param("https://app.example.com:+443", id="signed-port"),
        pytest.param("https://app.example.com:8443:1", id="two-ports"),
        pytest.param("https://[::1", id="open-bracket"),
        pytest.param("https://::1", id="no-brackets"),
        pytest.param("https://[:::]", id="no-such-address"),
        pytest.param("https://[::1%25eth0]", id="zone"),
        pytest.param("https://[::ffff:127.0.0.1]", id="mixed-address"),
        pytest.param("https://" + "a" * 254, id="long-host"),
    ],
)
def test_a_malformed_base_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not|must be|has) "):
        parse_base_url(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://canary:canary@app.example.com", id="user-info"),
        pytest.param("http://canary.example.com", id="http"),
        pytest.param("https://app.example.com:65536/canary", id="port"),
        pytest.param("https://[:::]/canary", id="address"),
    ],
)
def test_a_refusal_does_not_quote_the_url(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_base_url(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("app.example.com", id="name"),
        pytest.param("localhost.example.com", id="localhost-in-front"),
        pytest.param("127.0.0.1.example.com", id="address-in-front"),
        pytest.param("2130706433", id="decimal"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("0177.0.0.1", id="octal"),
        pytest.param("127.1", id="short"),
        pytest.param("0.0.0.0", id="any"),  # noqa: S104 - refused here
        pytest.param("10.0.0.1", id="private"),
        pytest.param("169.254.169.254", id="link-local"),
        pytest.param("[2001:db8::1]", id="ipv6"),
    ],
)
def test_http_is_for_loopback_only(host: str) -> None:
    assert not is_loopback(host)
    assert parse_base_url(f"https://{host}").host == host
    with pytest.raises(ValueError, match="must be https"):
        parse_base_url(f"http://{host}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_addresses_are_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("example.atlassian.net", True),
        ("a.b.atlassian.net", True),
        ("wiki.example.com", True),
        ("evilatlassian.net", False),
        ("atlassian.net", False),
        ("example.atlassian.net.evil.example", False),
        ("evil.wiki.example.com", False),
        ("wiki.example.com.evil.example", False),
        ("xwiki.example.com", False),
        ("", False),
    ],
)
def test_a_host_is_allowed_exactly_or_by_a_suffix_with_a_dot(
    host: str, allowed: bool
) -> None:
    assert host_is_allowed(host, (".atlassian.net", "wiki.example.com")) is allowed


def test_no_host_is_allowed_by_an_empty_list() -> None:
    assert not host_is_allowed("example.atlassian.net", ())


SITE = "https://example.atlassian.net/wiki"
LOCAL = "http://localhost:8090/wiki"


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        pytest.param("https://wiki.example.com/docs/", SITE, id="custom domain"),
        pytest.param("https://xn--bcher-kva.example", SITE, id="punycode"),
        pytest.param("https://wiki.example.com:8443", SITE, id="port"),
        pytest.param("https://127.example.com", SITE, id="number in front"),
        pytest.param("https://example.atlassian.net/other", SITE, id="the base host"),
        pytest.param("https://192.0.2.1", "https://192.0.2.1/wiki", id="base address"),
        pytest.param("http://127.0.0.1:1", LOCAL, id="loopback for loopback"),
        pytest.param("https://wiki.example.com", LOCAL, id="public for loopback"),
    ],
)
def test_a_display_url_is_public_or_as_local_as_the_base_url(
    text: str, base_url: str
) -> None:
    assert parse_display_url(text, base_url) == parse_base_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://wiki.example.com",
        "http://127.0.0.1:6379",
        "http://localhost:2375/v1",
        "http://[::1]",
        "https://localhost",
        "https://127.0.0.1",
        "https://169.254.169.254/latest",
        "https://10.0.0.1",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "https://2130706433",
        "https://127.1",
        "https://0x7f.0x0.0x0.0x1",
        "https://017700000001",
        "https://intranet",
        "https://app.localhost",
        "https://printer.local",
        "https://metadata.google.internal",
        "https://a..example",
        "https://user@wiki.example.com",
        "https://wiki.example.com?x",
        "https://bücher.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_display_url_without_a_public_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_display_url(text, SITE)
    assert not text or text not in str(caught.value)


def test_a_private_display_url_is_refused_for_a_loopback_base_url_too() -> None:
    with pytest.raises(ValueError, match="public name"):
        parse_display_url("https://10.0.0.1", LOCAL)
