"""``--product jira``: installs, shows pages and answers an app's own resources."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from devhost.exchanges.log import ExchangeLog
from devhost.install.further_sites import FurtherSites
from devhost.install.upm_client import install_app
from devhost.server import LocalConfluence
from devhost.site.products import CONFLUENCE, CONTEXT_PATH, JIRA
from devhost.site.state import State, StateError
from devhost.site.users import ADMINISTRATOR, ORDINARY_USER, SPACE_ADMINISTRATOR, User
from tests.fake_app import APP_KEY, FakeApp, serve_app, sign

PROPERTIES = f"/rest/atlassian-connect/1/addons/{APP_KEY}/properties"
MODULES = "/rest/atlassian-connect/1/app/module/dynamic"


@pytest.fixture
def jira() -> Iterator[LocalConfluence]:
    with LocalConfluence(product="jira") as running:
        yield running


@pytest.fixture
def jira_app(jira: LocalConfluence) -> Iterator[FakeApp]:
    """An app for both products, installed in Jira over the install protocol."""
    with serve_app(jira) as app:
        app.descriptor["modules"] = {
            **app.descriptor["modules"],
            "jiraIssueContents": [
                {"key": "issue", "name": {"value": "Issue"}, "url": "/issue"}
            ],
            "jiraBuildInfoProvider": {"key": "builds", "name": {"value": "Builds"}},
        }
        assert install_app(jira.base_url, app.descriptor_url) == APP_KEY
        yield app


Call = Callable[..., requests.Response]


@pytest.fixture
def call_jira(jira: LocalConfluence, jira_app: FakeApp) -> Call:
    def send(method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"JWT {sign(jira_app, method, path)}"}
        url = jira.base_url + path
        return requests.request(method, url, headers=headers, timeout=30, **options)

    return send


def test_the_base_url_has_no_path_and_the_callbacks_say_jira(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    assert jira.base_url == f"http://localhost:{jira.port}"
    bodies = [one.body for one in jira_app.received]
    assert [body["eventType"] for body in bodies] == ["installed", "enabled"]
    for body in bodies:
        assert body["productType"] == "jira"
        assert body["baseUrl"] == body["displayUrl"] == jira.base_url
        assert body["description"] == f"Atlassian Jira at {jira.base_url}"


def test_a_page_is_shown_without_a_context_path(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    page = f"{jira.base_url}/plugins/servlet/ac/{APP_KEY}/main"
    html = requests.get(page, timeout=30).text
    assert "- Jira</title>" in html
    frame = jira.site.get(ExchangeLog).find(kind="iframe")[-1]
    assert requests.get(frame.url, timeout=30).ok
    seen = jira_app.pages[-1]
    assert (seen["cp"], seen["xdm_e"]) == ("", jira.origin)
    assert set(seen["claims"]["context"]) == {"jira", "license", "url"}
    assert '"contextPath": ""' in html


def test_the_pages_link_within_the_site(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    for path in ("/", "/home", "/admin", "/devhost/", "/devhost/inspector"):
        answer = requests.get(jira.origin + path, timeout=30, allow_redirects=False)
        assert answer.status_code == 200, path
        assert "/wiki" not in answer.text, path
        assert "Spaces" not in answer.text, path


def test_app_properties_license_and_dynamic_modules_are_served(
    jira: LocalConfluence, call_jira: Call
) -> None:
    assert call_jira("PUT", f"{PROPERTIES}/colour", json="red").status_code == 201
    assert call_jira("GET", f"{PROPERTIES}/colour").json()["value"] == '"red"'
    self_link = call_jira("GET", f"{PROPERTIES}/colour").json()["self"]
    assert self_link.startswith(f"{jira.base_url}/rest/")
    app = call_jira("GET", f"/rest/atlassian-connect/1/addons/{APP_KEY}").json()
    assert app["host"]["product"] == "Jira"
    modules = {
        "jiraProjectPages": [{"key": "more", "name": {"value": "M"}, "url": "/more"}]
    }
    assert call_jira("POST", MODULES, json=modules).status_code == 200
    assert call_jira("GET", MODULES).json() == modules


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/api/3/issue/ABC-1"),
        ("GET", "/rest/api/content"),
        ("POST", "/rest/api/3/search"),
    ],
)
def test_every_other_operation_is_a_501_that_names_it(
    call_jira: Call, method: str, path: str
) -> None:
    answer = call_jira(method, path)
    assert answer.status_code == 501
    assert answer.json()["message"] == f"{method} {path} is not in the local Jira."


CHECK = "/rest/api/3/permissions/check"
MINE = "/rest/api/3/mypermissions"


@pytest.mark.parametrize(
    ("user", "granted"),
    [
        (ADMINISTRATOR, ["ADMINISTER", "BULK_CHANGE"]),
        (ORDINARY_USER, ["BULK_CHANGE"]),
        (SPACE_ADMINISTRATOR, ["BULK_CHANGE"]),
    ],
)
def test_an_app_asks_what_a_person_may_do(
    call_jira: Call, user: User, granted: list[str]
) -> None:
    body = {
        "accountId": user.account_id,
        "globalPermissions": ["ADMINISTER", "BULK_CHANGE", None, ""],
        "projectPermissions": [
            {"permissions": ["EDIT_ISSUES"], "issues": [1], "projects": [2]}
        ],
    }
    answer = call_jira("POST", CHECK, json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "globalPermissions": granted,
        "projectPermissions": [
            {"permission": "EDIT_ISSUES", "issues": [], "projects": []}
        ],
    }


@pytest.mark.parametrize("account_id", ["nobody", None])
def test_somebody_unknown_and_the_app_itself_have_no_permission(
    call_jira: Call, account_id: str | None
) -> None:
    body = {"accountId": account_id, "globalPermissions": ["USER_PICKER"]}
    answer = call_jira("POST", CHECK, json=body)
    assert answer.json() == {"globalPermissions": [], "projectPermissions": []}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"globalPermissions": ["ADMIN"]}, "Unrecognized permission: ADMIN"),
        ({"globalPermissions": "ADMINISTER"}, "globalPermissions must be an array"),
        ({"globalPermissions": [1]}, "must be an array of strings"),
        ({"projectPermissions": [{"issues": [1]}]}, "At least one project permission"),
        ({"projectPermissions": [1]}, "At least one project permission"),
        (
            {"projectPermissions": [{"permissions": ["EDIT"]}]},
            "Unrecognized permission: EDIT",
        ),
    ],
)
def test_a_malformed_question_is_refused_in_the_form_of_jira(
    call_jira: Call, body: dict[str, Any], message: str
) -> None:
    answer = call_jira("POST", CHECK, json=body)
    assert answer.status_code == 400
    assert message in answer.json()["errorMessages"][0]
    assert answer.json()["errors"] == {}


@pytest.fixture
def at_the_page(jira: LocalConfluence, jira_app: FakeApp) -> Call:
    """Call as a person through the app's page: ``at_the_page("admin", "GET", ...)``."""

    def send(name: str, method: str, path: str, **options: Any) -> requests.Response:
        chosen = requests.post(
            f"{jira.origin}/devhost/api/user", json={"user": name}, timeout=30
        )
        assert chosen.ok
        headers = {
            "X-Devhost-Session": jira.site.session_token,
            "AP-Client-Key": APP_KEY,
        }
        url = jira.base_url + path
        return requests.request(method, url, headers=headers, timeout=30, **options)

    return send


def test_a_page_asks_about_the_person_at_it(at_the_page: Call) -> None:
    question = {"globalPermissions": ["ADMINISTER"]}
    about_admin = {**question, "accountId": ADMINISTRATOR.account_id}
    for name, granted in (("admin", ["ADMINISTER"]), ("user", [])):
        answer = at_the_page(name, "POST", CHECK, json=question)
        assert answer.json()["globalPermissions"] == granted
        mine = at_the_page(name, "GET", f"{MINE}?permissions=ADMINISTER,EDIT_ISSUES")
        found = mine.json()["permissions"]
        assert found["ADMINISTER"]["havePermission"] == bool(granted)
        assert found["ADMINISTER"]["type"] == "GLOBAL"
        assert found["EDIT_ISSUES"]["havePermission"] is False
        assert found["EDIT_ISSUES"]["type"] == "PROJECT"
    assert at_the_page("admin", "POST", CHECK, json=about_admin).ok
    refused = at_the_page("user", "POST", CHECK, json=about_admin)
    assert refused.status_code == 403
    # Nobody is at the page.
    answer = at_the_page("anonymous", "POST", CHECK, json=question)
    assert answer.json()["globalPermissions"] == []


@pytest.mark.parametrize("query", ["", "?permissions=", "?permissions=ADMIN"])
def test_ones_own_permissions_are_asked_for_by_name(
    call_jira: Call, query: str
) -> None:
    answer = call_jira("GET", f"{MINE}{query}")
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_asking_for_permissions_needs_the_scope_read(
    jira: LocalConfluence, jira_app: FakeApp, call_jira: Call
) -> None:
    jira_app.descriptor["scopes"] = ["NONE"]
    assert install_app(jira.base_url, jira_app.descriptor_url) == APP_KEY
    assert call_jira("GET", f"{MINE}?permissions=ADMINISTER").status_code == 403
    assert call_jira("POST", CHECK, json={}).status_code == 403


def test_confluence_does_not_answer_for_jira(call: Call) -> None:
    assert call("POST", CHECK, json={}).status_code == 501


def test_a_call_without_a_token_is_refused(jira: LocalConfluence) -> None:
    answer = requests.get(jira.base_url + PROPERTIES, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'JWT realm="Jira"'


def test_calls_are_recorded_and_struck_by_faults_as_in_confluence(
    jira: LocalConfluence, call_jira: Call
) -> None:
    call_jira("GET", PROPERTIES)
    recorded = jira.exchanges.find("GET", PROPERTIES)[-1]
    assert (recorded.kind, recorded.base_path) == ("rest", "")
    with jira.faults.rate_limited():
        assert call_jira("GET", PROPERTIES).status_code == 429


def test_addresses_of_confluence_are_missing(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    for path in ("/wiki/", "/wiki/rest/plugins/1.0/", "/spaces/DS", "/people/x"):
        assert requests.get(jira.origin + path, timeout=30).status_code == 404, path


def test_modules_of_jira_are_accepted_and_listed_as_not_shown(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    listed = requests.get(f"{jira.origin}/devhost/api/apps", timeout=30).json()
    expected = {
        "dynamicContentMacros": 1,
        "jiraIssueContents": 1,
        "jiraBuildInfoProvider": 1,
    }
    assert listed["apps"][0]["notShown"] == expected
    desk = requests.get(f"{jira.origin}/devhost/", timeout=30).text
    assert "Not shown in this local Jira" in desk
    assert "<code>jiraIssueContents</code> (1)" in desk


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("x", "modules.jiraReports: must be an array of objects"),
        (["x"], "modules.jiraReports[0]: must be an object"),
        ([{"key": "a b"}], "modules.jiraReports[0].key: must match"),
        ({"key": "a b"}, "modules.jiraReports[0].key: must match"),
    ],
)
def test_a_malformed_module_of_jira_is_refused(
    jira: LocalConfluence, module: Any, problem: str
) -> None:
    with serve_app(jira, descriptor={"modules": {"jiraReports": module}}) as app:
        url = f"{jira.origin}/devhost/api/install"
        answer = requests.post(
            url, json={"descriptorUrl": app.descriptor_url}, timeout=30
        )
    assert answer.status_code == 400
    assert problem in answer.json()["error"]
    assert "intended for use with Jira" in answer.json()["error"]


def test_an_unknown_module_is_refused_in_jira_too(jira: LocalConfluence) -> None:
    with serve_app(jira, descriptor={"modules": {"nonsense": []}}) as app:
        url = f"{jira.origin}/devhost/api/install"
        answer = requests.post(
            url, json={"descriptorUrl": app.descriptor_url}, timeout=30
        )
    assert "an unknown module (nonsense)" in answer.json()["error"]


def test_modules_of_jira_are_unknown_to_confluence(
    app: FakeApp, desk: Callable[..., requests.Response]
) -> None:
    app.descriptor["modules"] = {"jiraIssueContents": []}
    answer = desk("install", descriptorUrl=app.descriptor_url)
    assert "an unknown module (jiraIssueContents)" in answer.json()["error"]


def test_the_app_is_uninstalled_over_the_install_protocol(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    url = f"{jira.base_url}/rest/plugins/1.0/{APP_KEY}-key"
    listed = requests.get(url, auth=("admin", "admin"), timeout=30).json()
    assert listed["links"]["self"] == f"/rest/plugins/1.0/{APP_KEY}-key"
    assert requests.delete(url, auth=("admin", "admin"), timeout=30).ok
    assert [one.event for one in jira_app.received][2:] == ["disabled", "uninstalled"]


def test_a_further_site_is_of_the_same_product(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    further, refused = jira.site.get(FurtherSites).start()
    assert (further.product, refused) == (JIRA, {})
    assert jira_app.events("installed")[-1].body["baseUrl"] == further.base_url


def test_a_state_file_belongs_to_one_product(tmp_path: Path) -> None:
    file = tmp_path / "state"
    State(file, "jira").close()
    State(file, "jira").close()
    with pytest.raises(StateError, match="site of jira, not of confluence"):
        State(file)


def test_an_address_is_declared_as_confluence_has_it() -> None:
    for product in (CONFLUENCE, JIRA):
        mounted = product.mount("/wiki/rest/plugins/1.0/")
        assert mounted == f"{product.context_path}/rest/plugins/1.0/"
        assert product.declared(mounted) == "/wiki/rest/plugins/1.0/"
        assert product.declared("/devhost/x") == "/devhost/x"
    assert JIRA.mount("/wiki/spaces/<key>") is None
    assert CONFLUENCE.context_path == CONTEXT_PATH


def test_a_reset_site_is_of_the_same_product(
    jira: LocalConfluence, jira_app: FakeApp
) -> None:
    jira.reset()
    assert jira.site.product == JIRA
    assert install_app(jira.base_url, jira_app.descriptor_url) == APP_KEY
