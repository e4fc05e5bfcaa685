"""Pagination of REST v1 and v2 answers."""

from dataclasses import replace
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from app.connect import TenantService
from app.connect.errors import HostResponseError, UnsafeURLError
from app.connect.outbound.pagination import Page
from app.connect.tenants.models import Tenant
from tests import signing
from tests.connect.outbound.host import JIRA_SITE, assert_signed
from tests.connect.outbound.host_calls import SPACE

PAGES = f"{signing.SITE}/api/v2/pages"


def add(
    network: responses.RequestsMock,
    url: str,
    results: Any,
    next_url: Any = None,
    **options: Any,
) -> None:
    base, _, query = url.partition("?")
    params = dict(part.split("=") for part in query.split("&")) if query else {}
    body = {"results": results, "_links": {"next": next_url} if next_url else {}}
    match = [query_param_matcher(params)]
    network.get(base, **{"json": body, "match": match, **options})


def test_v2_is_read_by_its_cursors(
    service: TenantService, network: responses.RequestsMock
) -> None:
    add(network, f"{PAGES}?limit=2", [1, 2], "/wiki/api/v2/pages?limit=2&cursor=b")
    add(network, f"{PAGES}?limit=2&cursor=b", [3])
    assert list(service.paginate("/api/v2/pages", limit=2)) == [1, 2, 3]
    for call in network.calls:
        assert_signed(call.request)


def test_v1_is_read_by_its_starts(
    service: TenantService, network: responses.RequestsMock
) -> None:
    add(network, f"{SPACE}?type=global", [1], "/rest/api/space?type=global&start=1")
    add(network, f"{SPACE}?type=global&start=1", [2])
    found = service.paginate("/rest/api/space", params={"type": "global"})
    assert list(found) == [1, 2]


def test_jira_is_read_by_its_own_links(
    tenant: Tenant, app_context: None, network: responses.RequestsMock
) -> None:
    jira = replace(tenant, base_url=JIRA_SITE, display_url=JIRA_SITE)
    url = f"{JIRA_SITE}/rest/api/3/project/search"
    first = {"values": [1], "total": 2, "nextPage": f"{url}?startAt=1", "isLast": False}
    last = {"values": [2], "total": 2, "nextPage": None, "isLast": True}
    network.get(url, json=first, match=[query_param_matcher({})])
    network.get(url, json=last, match=[query_param_matcher({"startAt": "1"})])
    pages = [*TenantService(jira).iterate_pages("/rest/api/3/project/search")]
    assert [(page.items, page.total) for page in pages] == [([1], 2), ([2], 2)]


def test_a_link_header_is_followed(
    service: TenantService, network: responses.RequestsMock
) -> None:
    header = {"Link": '</wiki/api/v2/pages?cursor=b>; rel="next", <x>; rel="base"'}
    add(network, PAGES, [1], headers=header)
    add(network, f"{PAGES}?cursor=b", [2])
    assert list(service.paginate("/api/v2/pages")) == [1, 2]


def test_an_absolute_link_on_the_site_is_followed(
    service: TenantService, network: responses.RequestsMock
) -> None:
    add(network, PAGES, [1], {"href": f"{PAGES}?cursor=b"})
    add(network, f"{PAGES}?cursor=b", [2])
    assert list(service.paginate("/api/v2/pages")) == [1, 2]


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/wiki/api/v2/pages", id="another site"),
        pytest.param("//evil.example/wiki", id="no scheme"),
        pytest.param("/wiki/../admin", id="above the base URL"),
        pytest.param("http://example.atlassian.net/wiki/x", id="no TLS"),
        pytest.param("api/v2/pages?cursor=b", id="relative"),
    ],
)
@pytest.mark.parametrize("header", [False, True], ids=["body", "header"])
def test_a_link_away_from_the_site_is_not_followed(
    service: TenantService, network: responses.RequestsMock, link: str, header: bool
) -> None:
    if header:
        add(network, PAGES, [1], headers={"Link": f'<{link}>; rel="next"'})
    else:
        add(network, PAGES, [1], link)
    found = service.paginate("/api/v2/pages")
    assert next(found) == 1
    with pytest.raises(UnsafeURLError):
        next(found)
    assert len(network.calls) == 1


def test_nothing_is_asked_for_before_it_is_needed(
    service: TenantService, network: responses.RequestsMock
) -> None:
    found = service.paginate("/api/v2/pages")
    assert len(network.calls) == 0
    add(network, PAGES, [1, 2], "/api/v2/pages?cursor=b")
    assert [next(found), next(found)] == [1, 2]
    assert len(network.calls) == 1


@pytest.mark.parametrize("length", [1, 2])
def test_pages_in_a_circle_end(
    service: TenantService, network: responses.RequestsMock, length: int
) -> None:
    second = "/api/v2/pages?cursor=b" if length == 2 else "/api/v2/pages"
    add(network, PAGES, [1], second)
    if length == 2:
        add(network, f"{PAGES}?cursor=b", [2], "/wiki/api/v2/pages?cursor=b")
    with pytest.raises(HostResponseError, match="lead in a circle"):
        list(service.paginate("/api/v2/pages"))
    assert len(network.calls) == length


def test_pages_without_end_are_given_up(
    service: TenantService, network: responses.RequestsMock
) -> None:
    for number in range(3):
        add(network, f"{PAGES}?n={number}", [number], f"/api/v2/pages?n={number + 1}")
    with pytest.raises(HostResponseError, match="more than 3 pages"):
        list(service.paginate("/api/v2/pages?n=0", max_pages=3))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="array"),
        pytest.param({}, id="nothing"),
        pytest.param({"results": {"a": 1}}, id="object"),
        pytest.param({"results": None}, id="null"),
    ],
)
def test_an_answer_that_is_no_page_is_a_host_response_error(
    service: TenantService, network: responses.RequestsMock, body: Any
) -> None:
    network.get(PAGES, json=body)
    with pytest.raises(HostResponseError, match="no list of results"):
        list(service.paginate("/api/v2/pages"))


@pytest.mark.parametrize("links", [None, [], "x", {"next": None}, {"next": {}}])
def test_odd_links_are_ignored(
    service: TenantService, network: responses.RequestsMock, links: Any
) -> None:
    network.get(PAGES, json={"results": [1], "_links": links})
    assert list(service.paginate("/api/v2/pages")) == [1]


def test_a_link_that_is_no_text_is_an_error(
    service: TenantService, network: responses.RequestsMock
) -> None:
    network.get(PAGES, json={"results": [1], "_links": {"next": 5}})
    with pytest.raises(HostResponseError, match="not a string"):
        list(service.paginate("/api/v2/pages"))


def test_the_progress_is_told_page_by_page(
    service: TenantService, network: responses.RequestsMock
) -> None:
    told: list[Page] = []
    body = {"results": [1, 2], "totalSize": 3, "_links": {"next": "/rest?b=1"}}
    network.get(f"{signing.SITE}/rest/api/search", json=body)
    add(network, f"{signing.SITE}/rest?b=1", [3])
    assert list(service.paginate("/rest/api/search", progress=told.append)) == [1, 2, 3]
    assert told == [Page([1, 2], "/rest?b=1", 1, 2, 3), Page([3], None, 2, 3, None)]


def test_another_task_goes_on_where_one_has_stopped(
    service: TenantService, network: responses.RequestsMock
) -> None:
    add(network, PAGES, [1], "/wiki/api/v2/pages?cursor=b")
    first = next(service.iterate_pages("/api/v2/pages"))
    assert first.next_url is not None
    add(network, f"{PAGES}?cursor=b", [2])
    assert list(service.paginate(first.next_url)) == [2]
