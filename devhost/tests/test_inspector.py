"""The inspector: live, and without secrets until the developer asks for them."""

from collections.abc import Callable

import pytest
import requests

from devhost.server import LocalConfluence
from tests.fake_app import APP_KEY, FakeApp, sign

Call = Callable[..., requests.Response]
PROPERTY = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties/x"


def get(confluence: LocalConfluence, path: str = "") -> requests.Response:
    return requests.get(f"{confluence.origin}/devhost/api/exchanges{path}", timeout=30)


def plain(confluence: LocalConfluence, number: int) -> requests.Response:
    url = f"{confluence.origin}/devhost/api/exchanges/{number}/plain"
    return requests.post(url, timeout=30)


def test_lines_are_filtered_and_new_ones_follow(
    confluence: LocalConfluence, call: Call
) -> None:
    call("PUT", PROPERTY, json=1)
    everything = get(confluence).json()
    assert everything["lastId"] == len(everything["exchanges"]) == 5
    path = "/rest/atlassian-connect/1/addons/{key}/properties/{p}"
    (found,) = get(confluence, f"?method=PUT&path={path}").json()["exchanges"]
    assert (found["status"], found["appKey"]) == (201, APP_KEY)
    assert get(confluence, f"?after={found['id']}").json()["exchanges"] == []
    to_app = get(confluence, "?direction=to-app&status=204").json()["exchanges"]
    assert [one["path"] for one in to_app] == ["/installed", "/enabled"]
    requests.delete(f"{confluence.origin}/devhost/api/exchanges", timeout=30)
    assert get(confluence).json() == {"exchanges": [], "lastId": 5}


def test_no_secret_is_shown_by_default(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    token = sign(installed, "GET", PROPERTY)
    headers = {"Authorization": f"JWT {token}"}
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    page = f"{confluence.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    requests.get(page, timeout=30)
    upm = f"{confluence.base_url}/rest/plugins/1.0/"
    requests.get(upm, auth=("admin", "admin"), timeout=30)
    hidden = [installed.secret, "YWRtaW46YWRtaW4="]
    for one in confluence.exchanges.all():
        hidden += [one.token.rpartition(".")[2]] if one.token else []
        hidden += [one.response_header("upm-token") or installed.secret]
    shown = get(confluence).text
    for one in confluence.exchanges.all():
        shown += get(confluence, f"/{one.id}").text
    assert len(hidden) > 8
    for secret in hidden:
        assert secret not in shown


def test_the_plain_form_is_shown_on_request(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    (sent,) = confluence.exchanges.find("POST", "/installed")
    assert sent.token is not None
    found = plain(confluence, sent.id).json()
    assert installed.secret in found["requestBody"]
    assert found["token"]["raw"] == sent.token
    assert sent.token in found["curl"]
    assert get(confluence, f"/{sent.id}").json()["isPlain"] is False


@pytest.mark.parametrize("number", [0, 999])
def test_a_missing_exchange_is_404(confluence: LocalConfluence, number: int) -> None:
    assert get(confluence, f"/{number}").status_code == 404
    assert plain(confluence, number).status_code == 404


def test_a_page_of_another_site_gets_no_plain_form(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    url = f"{confluence.origin}/devhost/api/exchanges/1/plain"
    headers = {"Origin": installed.base_url}
    assert requests.post(url, headers=headers, timeout=30).status_code == 403


def test_an_exchange_names_both_canonical_requests(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    headers = {"Authorization": f"JWT {sign(installed, 'GET', '/wiki' + PROPERTY)}"}
    requests.get(confluence.base_url + PROPERTY, headers=headers, timeout=30)
    number = confluence.exchanges.last_id
    check = get(confluence, f"/{number}").json()["hash"]
    assert check["canonical"] == f"GET&{PROPERTY}&"
    assert check["fitting"] == f"GET&/wiki{PROPERTY}&"
    assert check["matches"] is False


def test_a_body_that_is_not_text_is_shown_as_its_size(
    confluence: LocalConfluence, call: Call
) -> None:
    call("PUT", PROPERTY, data=b"\xff\xfe")
    found = get(confluence, f"/{confluence.exchanges.last_id}").json()
    assert found["requestBody"] == "(2 bytes that are not text)"
