"""Safe URLs: no URL makes a call leave the tenant's base URL."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest
import requests
import responses
from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from app.connect import TenantService
from app.connect.errors import HostError, UnsafeURLError
from app.connect.http.bounded_session import BoundedSession
from app.connect.outbound.safe_url import check_prepared, resolve
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import (
    DISPLAY_SITE,
    JIRA_SITE,
    assert_signed,
    client_of,
    tenant_at,
)

SITE = signing.SITE
ANY_URL = re.compile(".*", re.DOTALL)
CURSOR = "cursor=_f_MjU%3D_sa_WyJcdDEyMzQiXQ%3D%3D&limit=25"


@pytest.mark.parametrize(
    ("url", "sent", "base_url"),
    [
        pytest.param(
            "/rest/api/space", f"{SITE}/rest/api/space", SITE, id="relative path"
        ),
        pytest.param(
            "/wiki/rest/api/space", f"{SITE}/rest/api/space", SITE, id="with base path"
        ),
        pytest.param(
            f"/rest/api/content?{CURSOR}",
            f"{SITE}/rest/api/content?{CURSOR}",
            SITE,
            id="_links.next of v1",
        ),
        pytest.param(
            f"/wiki/api/v2/pages?{CURSOR}",
            f"{SITE}/api/v2/pages?{CURSOR}",
            SITE,
            id="_links.next of v2",
        ),
        pytest.param(
            f"{SITE}/rest/api/space?start=1",
            f"{SITE}/rest/api/space?start=1",
            SITE,
            id="absolute, base URL",
        ),
        pytest.param(
            f"{DISPLAY_SITE}/rest/api/space?start=1",
            f"{SITE}/rest/api/space?start=1",
            SITE,
            id="absolute, display URL",
        ),
        pytest.param("/wiki", SITE, SITE, id="the base path alone"),
        pytest.param(SITE, SITE, SITE, id="the base URL alone"),
        pytest.param(f"{SITE}?a=1", f"{SITE}?a=1", SITE, id="the base URL and a query"),
        pytest.param("/", f"{SITE}/", SITE, id="the root"),
        pytest.param(
            "/wikipedia", f"{SITE}/wikipedia", SITE, id="base path off a boundary"
        ),
        pytest.param(
            "/rest/api/..hidden/a.b/...",
            f"{SITE}/rest/api/..hidden/a.b/...",
            SITE,
            id="dots that are no dot segment",
        ),
        pytest.param(
            "/rest/p/a%2Fb?next=%2F%2Fevil.example&up=/../",
            f"{SITE}/rest/p/a%2Fb?next=%2F%2Fevil.example&up=/../",
            SITE,
            id="encoded slash inside, slashes in the query",
        ),
    ],
)
def test_a_url_of_the_tenant_is_sent_below_its_base_url(
    service: TenantService,
    network: responses.RequestsMock,
    url: str,
    sent: str,
    base_url: str,
) -> None:
    network.get(sent.partition("?")[0], json={})

    service.request("GET", url)

    assert network.calls[0].request.url == sent
    assert_signed(network.calls[0].request, base_url=base_url)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        pytest.param("/rest/api/3/myself", "/rest/api/3/myself", id="relative"),
        pytest.param("/wiki/rest", "/wiki/rest", id="wiki is no base path here"),
        pytest.param(f"{JIRA_SITE}/rest/x?a=1", "/rest/x?a=1", id="absolute"),
        pytest.param("/", "/", id="root"),
    ],
)
def test_a_jira_tenant_has_no_base_path(
    tenant: Tenant,
    app_context: None,
    network: responses.RequestsMock,
    url: str,
    sent: str,
) -> None:
    jira = replace(tenant, base_url=JIRA_SITE, display_url=JIRA_SITE)
    network.get(f"{JIRA_SITE}{sent.partition('?')[0]}", json={})

    TenantService(jira).request("GET", url)

    assert network.calls[0].request.url == JIRA_SITE + sent
    assert_signed(network.calls[0].request, base_url=JIRA_SITE)


def test_a_base_path_is_taken_off_once() -> None:
    tenant = tenant_at(SITE, DISPLAY_SITE)
    assert resolve(tenant, "/wiki/wiki/x") == (f"{SITE}/wiki/x", SITE)
    assert resolve(tenant, f"{DISPLAY_SITE}/wiki/x") == (f"{SITE}/wiki/x", SITE)


@pytest.mark.parametrize("path", ["", "/", "/wiki", "/docs/wiki"])
def test_a_link_below_the_display_url_is_sent_below_the_base_url(path: str) -> None:
    """The display URL may have another path, and never gets a token."""
    display = f"https://wiki.example.com{path}".rstrip("/")
    tenant = tenant_at(SITE, display)
    for rest in ("/rest/api/space?start=1", "?a=1" if path.strip("/") else "/?a=1"):
        assert resolve(tenant, f"{display}{rest}") == (f"{SITE}{rest}", SITE)
    with pytest.raises(UnsafeURLError):
        resolve(tenant, "https://wiki.example.com.evil.example/rest")


@pytest.mark.parametrize(
    "content_id",
    ["a;b", "x.y", "...", "a/b", "50%", "why?", "#1", "a..b", "..a", "a/.b", "é ü"],
)
def test_a_quoted_id_may_have_any_character(content_id: str) -> None:
    path = f"/rest/api/content/{quote(content_id, safe='')}/child"
    assert resolve(tenant_at(SITE), path) == (f"{SITE}{path}", SITE)


HOSTILE = [
    pytest.param("@evil.example/", id="user info trick"),
    pytest.param("//evil.example/", id="another authority"),
    pytest.param("///evil.example/", id="three slashes"),
    pytest.param("\\\\evil.example/", id="back slashes"),
    pytest.param("/\\evil.example/", id="slash and back slash"),
    pytest.param("/rest\\..\\x", id="back slash inside"),
    pytest.param("https://example.atlassian.net@evil.example/wiki/", id="as user info"),
    pytest.param("https://me@example.atlassian.net/wiki/", id="user info"),
    pytest.param("https://example.atlassian.net.evil.example/wiki", id="longer host"),
    pytest.param("https://example.atlassian.net", id="no base path"),
    pytest.param("https://example.atlassian.net/", id="the site's root"),
    pytest.param("https://example.atlassian.net/rest/api/space", id="not below base"),
    pytest.param("https://example.atlassian.net/wikipedia", id="base path, longer"),
    pytest.param("https://wiki.example.com/wikipedia", id="display path, longer"),
    pytest.param("https://example.atlassian.net\\wiki/x", id="back slash for a slash"),
    pytest.param("https://example.atlassian.net:8443/wiki/x", id="another port"),
    pytest.param("https://example.atlassian.net:443/wiki/x", id="the port written out"),
    pytest.param("http://example.atlassian.net/wiki/x", id="plain http"),
    pytest.param("HTTPS://EXAMPLE.atlassian.net/wiki/x", id="upper-case host"),
    pytest.param("https://evil.example/wiki/x", id="another host"),
    pytest.param("https:/example.atlassian.net/wiki/x", id="one slash"),
    pytest.param("https:example.atlassian.net/wiki/x", id="no slash"),
    pytest.param("file:///etc/passwd", id="another scheme"),
    pytest.param("/%2fevil.example/", id="encoded slash in front"),
    pytest.param("/%2Fevil.example/", id="upper-case encoded slash in front"),
    pytest.param("/%5cevil.example/", id="encoded back slash in front"),
    pytest.param("/wiki/../rest", id="dot segment"),
    pytest.param("/rest/..", id="dot segment at the end"),
    pytest.param("/./rest", id="single dot"),
    pytest.param("/rest/%2e%2e/%2E%2e/x", id="encoded dot segments"),
    pytest.param("/rest/.%2e/x", id="half encoded dot segment"),
    pytest.param("/rest/%2e?x=1", id="encoded dot before a query"),
    pytest.param("/rest/..;/x", id="dot segment with a path parameter"),
    pytest.param("/rest/..;a=1/x", id="dot segment with a named path parameter"),
    pytest.param("/rest/%2e%2E;/x", id="encoded dot segment with a path parameter"),
    pytest.param("/rest/..%3b/x", id="dot segment with an encoded path parameter"),
    pytest.param("/rest/.;", id="single dot with a path parameter"),
    pytest.param("/rest/a%2f..%2fx", id="dot segment between encoded slashes"),
    pytest.param("/rest/a%2F%2e%2e", id="dot segment after an encoded slash"),
    pytest.param("/rest/..%2fx", id="dot segment before an encoded slash"),
    pytest.param("/rest/.%2f..", id="both kinds of dot segment"),
    pytest.param("/rest/a%5c..%5cx", id="dot segment between encoded back slashes"),
    pytest.param("/wiki/%2fx", id="encoded slash behind the base path"),
    pytest.param("/wiki/..;/rest", id="path parameter behind the base path"),
    pytest.param(f"{SITE}/a/..;/x", id="path parameter in an absolute URL"),
    pytest.param(f"{DISPLAY_SITE}/../rest", id="dot segment below the display URL"),
    pytest.param(f"{DISPLAY_SITE}//x", id="double slash below the display URL"),
    pytest.param(f"{SITE}/../rest", id="dot segment in an absolute URL"),
    pytest.param(f"{SITE}//rest", id="double slash in an absolute URL"),
    pytest.param("/rest//api", id="double slash inside"),
    pytest.param(" /rest/api", id="space in front"),
    pytest.param("/rest/a b", id="space in the path"),
    pytest.param("/rest?a=a b", id="space in the query"),
    pytest.param("/rest\t", id="tab"),
    pytest.param("/rest\r\nHost: evil.example", id="line break"),
    pytest.param("/rest?a=\r\nHost: evil.example", id="line break in the query"),
    pytest.param("/rest\x00", id="null character"),
    pytest.param("/rest\x7f", id="delete character"),
    pytest.param("/rest#fragment", id="fragment"),
    pytest.param("/rest?a=1#fragment", id="fragment after a query"),
    pytest.param("?a=1", id="query alone"),
    pytest.param("rest/api", id="no slash in front"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_url_that_could_leave_the_tenant_is_never_sent(
    service: TenantService, network: responses.RequestsMock, url: str
) -> None:
    with pytest.raises(UnsafeURLError):
        service.request("GET", url)
    assert not network.calls


@pytest.mark.parametrize("url", HOSTILE)
def test_a_url_that_could_leave_the_tenant_is_not_even_prepared(url: str) -> None:
    with pytest.raises(UnsafeURLError):
        resolve(tenant_at(SITE, DISPLAY_SITE), url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://example.atlassian.net@evil.example/x", id="as user info"),
        pytest.param("https://example.atlassian.net.evil.example/x", id="longer host"),
        pytest.param("https://example.atlassian.net:8443/x", id="another port"),
        pytest.param("https://example.atlassian.net\\@evil.example/x", id="back slash"),
        pytest.param("//evil.example/x", id="another authority"),
        pytest.param("", id="empty"),
        pytest.param("https://example.atlassian.net", id="no path"),
    ],
)
def test_a_url_cannot_leave_a_site_without_a_base_path_either(url: str) -> None:
    jira = tenant_at(JIRA_SITE)
    assert resolve(jira, f"{JIRA_SITE}/x") == (f"{JIRA_SITE}/x", JIRA_SITE)
    with pytest.raises(UnsafeURLError):
        resolve(jira, url)


def test_an_unsafe_url_is_a_host_error_and_a_value_error() -> None:
    assert issubclass(UnsafeURLError, HostError)
    assert issubclass(UnsafeURLError, ValueError)


@pytest.mark.parametrize(
    "prepared",
    [
        pytest.param("https://evil.example/wiki/x", id="another host"),
        pytest.param("https://example.atlassian.net/x", id="above the base path"),
        pytest.param("https://example.atlassian.net/wikipedia", id="off a boundary"),
        pytest.param(f"{SITE}/../x", id="dot segment"),
        pytest.param(f"{SITE}//x", id="double slash"),
    ],
)
def test_what_a_library_changed_is_checked_again(prepared: str) -> None:
    check_prepared(f"{SITE}/x", SITE)
    with pytest.raises(UnsafeURLError):
        check_prepared(prepared, SITE)


@pytest.mark.parametrize(
    "prepared",
    [
        pytest.param(SITE, id="base URL"),
        pytest.param(f"{SITE}/", id="with a slash"),
        pytest.param(f"{SITE}?a=//../", id="with a query"),
    ],
)
def test_the_base_url_itself_is_below_the_base_url(prepared: str) -> None:
    check_prepared(prepared, SITE)
    with pytest.raises(UnsafeURLError):
        check_prepared(prepared.replace("/wiki", "/wik"), SITE)


def test_a_session_that_rewrites_the_url_gets_no_signature(
    network: responses.RequestsMock,
) -> None:
    class Rewriting(BoundedSession):
        def prepare(self, request: requests.Request) -> requests.PreparedRequest:
            request.url = "https://evil.example/wiki/rest"
            return super().prepare(request)

    with pytest.raises(UnsafeURLError):
        client_of(tenant_at(SITE), Rewriting()).request("GET", "/rest")
    assert not network.calls


PIECES = st.sampled_from(
    [
        *("/", "//", "\\", "@", ":", "?", "#", "&", "=", "%", ";", "[", "]", "|", "^"),
        *(".", "..", "%2e", "%2E", "%2f", "%5c", "%252e", "%00", "%zz", "/../", "/./"),
        *("wiki", "rest", "example.atlassian.net", "evil.example", "https:", "http:"),
        *(" ", "\t", "\n", "\r", "\x00", "\x7f", "\x85", "\u2028", "\u3000", "\ufeff"),
        *(
            "\u2024",
            "\uff0f",
            "\u2215",
            "\u0130",
            "\ud800",
            "é",
            "日本",
            "🙂",
            "a",
            "1",
        ),
    ]
)
STARTS = st.sampled_from(
    ["", "/", "/wiki", "/wiki/", "/rest/", SITE, f"{SITE}/", DISPLAY_SITE, "https://"]
)
URLS = st.builds(
    lambda start, pieces: start + "".join(pieces),
    STARTS,
    st.lists(st.one_of(PIECES, st.text(st.characters(), max_size=2)), max_size=8),
)


def stays_below(base_url: str, url: str) -> bool:
    """Return whether urllib3 and the standard library see a URL below a base URL.

    urllib3 resolves dot segments while parsing.
    """
    base = urlsplit(base_url)
    for parts in (urlsplit(url), parse_url(url)):
        path = parts.path or ""
        if (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
            return False
        if path.rstrip("/") != base.path and not path.startswith(f"{base.path}/"):
            return False
    return True


@pytest.mark.parametrize(
    "tenant",
    [
        pytest.param(tenant_at(SITE, DISPLAY_SITE), id="confluence"),
        pytest.param(tenant_at(JIRA_SITE), id="jira"),
        pytest.param(tenant_at("http://localhost:8090/wiki"), id="loopback"),
    ],
)
@settings(deadline=None, max_examples=400)
@given(url=URLS)
@example(url="/rest/api/space")
@example(url="/%2e%2e/")
def test_any_text_is_refused_or_stays_below_the_base_url(
    tenant: Tenant, url: str
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(ANY_URL, json={})
        try:
            client_of(tenant).request("GET", url)
        except UnsafeURLError:
            assert not mock.calls
        else:
            [call] = mock.calls
            assert stays_below(tenant.base_url, str(call.request.url))


def test_the_service_of_one_site_refuses_the_url_of_another(
    install: Callable[..., Tenant],
    app_context: None,
    network: responses.RequestsMock,
) -> None:
    one = install()
    other = install(
        clientKey="other-client-key", baseUrl="https://other.atlassian.net/wiki"
    )
    network.get(f"{other.base_url}/rest", json={})

    TenantService(other).request("GET", f"{other.base_url}/rest")
    with pytest.raises(UnsafeURLError):
        TenantService(one).request("GET", f"{other.base_url}/rest")

    assert len(network.calls) == 1
