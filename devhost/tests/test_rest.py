"""License, users, and authentication of callers."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from atlassian_jwt.url_utils import hash_url

from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

Call = Callable[..., requests.Response]
APP = f"/rest/atlassian-connect/1/addons/{APP_KEY}"


def get(confluence: LocalConfluence, path: str, token: str, **options: Any) -> int:
    headers = {"Authorization": token, **options.pop("headers", {})}
    url = confluence.base_url + path
    return requests.get(url, headers=headers, timeout=30, **options).status_code


def test_a_free_app_has_no_license(call: Call) -> None:
    answer = call("GET", APP).json()
    assert answer["key"] == APP_KEY
    assert answer["state"] == "ENABLED"
    assert answer["host"]["product"] == "Confluence"
    assert "license" not in answer


def test_a_paid_app_has_an_active_license(
    confluence: LocalConfluence, desk: Call
) -> None:
    with serve_app(confluence, descriptor={"enableLicensing": True}) as app:
        desk("install", descriptorUrl=app.descriptor_url)
        headers = {"Authorization": f"JWT {sign(app, 'GET', APP)}"}
        answer = requests.get(confluence.base_url + APP, headers=headers, timeout=30)
    license = answer.json()["license"]
    assert license["active"] is True
    assert license["type"] == "COMMERCIAL"
    assert license["evaluation"] is False
    assert license["entitlementId"] == app.received[0].body["entitlementId"]


def test_the_license_of_another_app_is_forbidden_or_unknown(
    confluence: LocalConfluence, call: Call, desk: Call
) -> None:
    with serve_app(confluence, descriptor={"key": "com.example.other"}) as other:
        desk("install", descriptorUrl=other.descriptor_url)
    root = "/rest/atlassian-connect/1/addons"
    assert call("GET", f"{root}/com.example.other").status_code == 403
    assert call("GET", f"{root}/nobody").status_code == 404
    assert call("GET", f"{root}/%FF").status_code == 400


def test_only_the_administrator_can_administer(call: Call) -> None:
    def operations(account_id: str | None) -> list[str]:
        path = f"/rest/api/user?accountId={account_id}&expand=operations"
        return [one["operation"] for one in call("GET", path).json()["operations"]]

    assert operations(ADMINISTRATOR.account_id) == ["administer", "use"]
    assert operations(ORDINARY_USER.account_id) == ["use"]


def test_users_are_known_by_account_id(call: Call) -> None:
    answer = call("GET", f"/rest/api/user?accountId={ORDINARY_USER.account_id}").json()
    assert answer["displayName"] == ORDINARY_USER.display_name
    assert "operations" not in answer
    assert call("GET", "/rest/api/user?accountId=nobody").status_code == 404
    assert call("GET", "/rest/api/user").status_code == 404
    assert call("GET", "/rest/api/user/current").json()["accountType"] == "app"


@pytest.mark.parametrize("path", ["/rest/api/nothing", "/rest/", "/api/nothing"])
def test_unsupported_operations_are_501_after_authentication(
    confluence: LocalConfluence, call: Call, path: str
) -> None:
    answer = call("GET", path)
    assert answer.status_code == 501
    assert f"GET /wiki{path} is not in the local" in answer.json()["message"]
    assert requests.get(confluence.base_url + path, timeout=30).status_code == 401


def test_a_get_with_a_body_is_forbidden(call: Call) -> None:
    assert call("GET", APP, data="x").status_code == 403
    assert call("GET", APP, data=iter([b"x"])).status_code == 403


def test_the_scheme_is_case_insensitive(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    assert get(confluence, APP, f"jwt {sign(installed, 'GET', APP)}") == 200


def test_an_audience_that_contains_the_client_key_is_accepted(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    client_key = installed.received[0].body["clientKey"]
    for audience in (client_key, [client_key, "other"]):
        assert (
            get(confluence, APP, f"JWT {sign(installed, 'GET', APP, aud=audience)}")
            == 200
        )


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "com.example.other"}, id="other-app"),
        pytest.param({"iss": None}, id="no-iss"),
        pytest.param({"exp": int(time.time()) - 60}, id="expired"),
        pytest.param({"exp": None}, id="no-exp"),
        pytest.param({"exp": "soon"}, id="exp-type"),
        pytest.param({"iat": None}, id="no-iat"),
        pytest.param({"qsh": None}, id="no-qsh"),
        pytest.param({"qsh": "context-qsh"}, id="context-qsh"),
        pytest.param({"qsh": hash_url("POST", APP)}, id="other-method"),
        pytest.param({"qsh": hash_url("GET", APP + "?a=1")}, id="other-query"),
        pytest.param({"qsh": hash_url("GET", "/wiki" + APP)}, id="with-context-path"),
        pytest.param({"qsh": 5}, id="qsh-type"),
        pytest.param({"aud": "someone-else"}, id="other-audience"),
        pytest.param({"aud": []}, id="empty-audience"),
        pytest.param({"aud": [{}]}, id="audience-type"),
        pytest.param({"padding": "x" * 9000}, id="too-long"),
    ],
)
def test_an_invalid_token_is_refused(
    confluence: LocalConfluence, installed: FakeApp, claims: dict[str, Any]
) -> None:
    assert get(confluence, APP, f"JWT {sign(installed, 'GET', APP, **claims)}") == 401


def test_other_keys_algorithms_and_schemes_are_refused(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    good = sign(installed, "GET", APP)
    claims = jwt.decode(good, options={"verify_signature": False})
    assert get(confluence, APP, f"JWT {good}") == 200
    assert get(confluence, APP, f"Bearer {good}") == 401
    assert get(confluence, APP, "JWT") == 401
    assert get(confluence, APP, "JWT x.y.z") == 401
    assert get(confluence, f"{APP}?jwt={good}", "") == 401
    for key, algorithm in (
        ("x" * 64, "HS256"),
        (installed.secret, "HS512"),
        ("", "none"),
    ):
        token = jwt.encode(claims, key, algorithm=algorithm)
        assert get(confluence, APP, f"JWT {token}") == 401, algorithm


def test_a_refusal_names_the_canonical_request_for_the_developer(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    token = sign(installed, "GET", "/elsewhere")
    url = f"{confluence.base_url}{APP}?b=2&a=1"
    answer = requests.get(url, headers={"Authorization": f"JWT {token}"}, timeout=30)
    assert answer.headers["X-Devhost-Reason"].endswith(f"GET&{APP}&a=1&b=2")
    assert "JWT" in answer.headers["WWW-Authenticate"]
    assert answer.json()["data"]["authorized"] is False


def test_a_disabled_app_is_refused(
    confluence: LocalConfluence, installed: FakeApp, desk: Call
) -> None:
    token = f"JWT {sign(installed, 'GET', APP)}"
    assert get(confluence, APP, token) == 200
    desk(f"apps/{APP_KEY}/disable")
    assert get(confluence, APP, token) == 401


def test_a_token_is_valid_for_the_absolute_form_of_the_target(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    request = requests.Request("GET", confluence.base_url + APP).prepare()
    request.headers["Authorization"] = f"JWT {sign(installed, 'GET', APP)}"
    with requests.Session() as session:
        # A client that uses a proxy sends the absolute form.
        proxies = {"http": f"http://127.0.0.1:{confluence.port}"}
        assert session.send(request, proxies=proxies, timeout=30).status_code == 200


# AP.request: the page's script, as the person at the page.


def page_call(
    confluence: LocalConfluence, method: str, path: str, **headers: str
) -> requests.Response:
    all_headers = {
        "X-Devhost-Session": confluence.site.session_token,
        "AP-Client-Key": APP_KEY,
        **headers,
    }
    url = confluence.base_url + path
    return requests.request(method, url, headers=all_headers, data=None, timeout=30)


def test_a_page_calls_as_the_current_user(
    confluence: LocalConfluence, installed: FakeApp, desk: Call
) -> None:
    current = "/rest/api/user/current?expand=operations"
    answer = page_call(confluence, "GET", current).json()
    assert answer["accountId"] == ADMINISTRATOR.account_id
    desk("user", user="anonymous")
    answer = page_call(confluence, "GET", current).json()
    assert (answer["type"], answer["operations"]) == ("anonymous", [])
    assert page_call(confluence, "GET", f"{APP}/properties").status_code == 401
    desk("user", user="user")
    assert page_call(confluence, "GET", f"{APP}/properties").status_code == 200


def test_a_page_cannot_register_modules(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    path = "/rest/atlassian-connect/1/app/module/dynamic"
    answer = page_call(confluence, "GET", path)
    assert answer.status_code == 401
    assert answer.json()["message"] == "The request is not from a Connect app."


def test_a_page_needs_the_session_and_a_known_app(
    confluence: LocalConfluence, installed: FakeApp
) -> None:
    path = f"{APP}/properties"
    wrong = page_call(confluence, "GET", path, **{"X-Devhost-Session": "x"})
    assert wrong.status_code == 401
    unknown = page_call(confluence, "GET", path, **{"AP-Client-Key": "nobody"})
    assert unknown.status_code == 401
