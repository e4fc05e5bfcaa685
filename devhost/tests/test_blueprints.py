"""Pages created from the templates that apps bring."""

import json
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import jwt
import pytest
import requests
from flask import Response, request

from devhost.modules.blueprints import Value, substitute
from devhost.server import LocalConfluence
from devhost.site.users import ADMINISTRATOR
from devhost.wiki import Wiki
from tests.fake_app import APP_KEY, FakeApp, serve_app

Post = Callable[..., requests.Response]
TEMPLATE = (
    '<at:declarations><at:string at:name="who"/></at:declarations>'
    '<h2>Hello <at:var at:name="who"/></h2>'
    '<at:var at:rawxhtml="true" at:name="macro"></at:var>'
    '<p>Nothing: <at:var at:name="unset"/></p>'
)
CONTEXT = [
    {"identifier": "ContentPageTitle", "value": "Made", "representation": "plain"},
    {"identifier": "who", "value": "<b>you</b>", "representation": "plain"},
    {"identifier": "macro", "value": "<p>raw</p>", "representation": "storage"},
]


class TemplateApp(FakeApp):
    """The app; it records what it is asked, and answers as it is told."""

    def setup(self) -> None:
        self.template: tuple[int, str] = (200, TEMPLATE)
        self.context = json.dumps(CONTEXT)
        self.asked = []

    def _page(self, page: str) -> Response:
        self.asked.append((page, None, self._claims()))
        return Response(self.template[1], self.template[0], mimetype="text/xml")

    def _lifecycle(self, event: str) -> Response:
        if event != "context":
            return super()._lifecycle(event)
        self.asked.append((event, request.get_json(), self._claims()))
        return Response(self.context, mimetype="application/json")

    def _claims(self) -> dict[str, Any]:
        token = request.headers["Authorization"].removeprefix("JWT ")
        claims: dict[str, Any] = jwt.decode(token, self.secret, algorithms=["HS256"])
        assert claims["qsh"] == self._hash()
        return claims


def blueprint(key: str, **more: Any) -> dict[str, Any]:
    template = {"url": "/template?a=b", "blueprintContext": {"url": "/context"}}
    return {"key": key, "name": {"value": f"Plan {key}"}, "template": template, **more}


@pytest.fixture
def template_app(confluence: LocalConfluence, desk: Post) -> Iterator[TemplateApp]:
    no_context = {"template": {"url": "/template"}}
    modules = {
        "blueprints": [
            blueprint("viewed", createResult="view"),
            blueprint("edited"),
            blueprint("plain", createResult="view", **no_context),
        ]
    }
    running = TemplateApp(
        key_server=f"{confluence.origin}/install-keys", descriptor={"modules": modules}
    )
    running.setup()
    with running:
        assert desk("install", descriptorUrl=running.descriptor_url).status_code == 200
        yield running


@pytest.fixture
def create(
    confluence: LocalConfluence, template_app: TemplateApp
) -> Callable[..., requests.Response]:
    def post(key: str = "", space: str = "DS", **form: str) -> requests.Response:
        if key:
            form["template"] = f"{APP_KEY}/{key}"
        url = f"{confluence.base_url}/spaces/{space}/create"
        return requests.post(url, data=form, timeout=20, allow_redirects=False)

    return post


def page_at(confluence: LocalConfluence, answer: requests.Response) -> Any:
    assert answer.status_code == 303
    viewer = confluence.site.get(Wiki).viewer(ADMINISTRATOR)
    identifier = answer.headers["Location"].rpartition("/")[2]
    return confluence.site.get(Wiki).contents.get(viewer, identifier)


def test_a_template_becomes_a_page(
    confluence: LocalConfluence, create: Post, template_app: TemplateApp
) -> None:
    page = page_at(confluence, create("viewed"))
    assert page.title == "Made"
    assert page.body == (
        "<h2>Hello &lt;b&gt;you&lt;/b&gt;</h2><p>raw</p><p>Nothing: </p>"
    )
    (first, _, claims), (second, question, _) = template_app.asked
    assert (first, second) == ("template", "context")
    assert claims["sub"] == ADMINISTRATOR.account_id
    assert question == {
        "addonKey": APP_KEY,
        "blueprintKey": "viewed",
        "spaceKey": "DS",
        "userKey": ADMINISTRATOR.account_id,
        "userLocale": "en_US",
    }
    kinds = [one.kind for one in confluence.exchanges.all()]
    assert kinds.count("blueprint") == 2


def test_a_template_of_the_editor_is_shown_first(
    confluence: LocalConfluence, create: Post
) -> None:
    answer = create("edited", title="My own")
    assert answer.status_code == 200
    assert "From the template Plan edited" in answer.text
    assert 'value="My own"' in answer.text
    assert "<h2>Hello &lt;b&gt;you" in unescape(answer.text)
    page = page_at(confluence, create(title="My own", body="<p>Changed</p>"))
    assert (page.title, page.body) == ("My own", "<p>Changed</p>")


def test_a_template_without_a_title_gets_a_free_one(
    confluence: LocalConfluence, create: Post, template_app: TemplateApp
) -> None:
    titles = [page_at(confluence, create("plain")).title for _ in range(2)]
    assert titles == ["Plan plain", "Plan plain 2"]
    assert {page for page, _, _ in template_app.asked} == {"template"}


@pytest.mark.parametrize(
    ("status", "template", "context", "says"),
    [
        (500, TEMPLATE, "[]", "answered 500 to GET /template"),
        (200, "<p>", "[]", "is not storage format"),
        (200, TEMPLATE, "{", "is not JSON"),
        (200, TEMPLATE, "{}", "must be an array of objects"),
        (200, TEMPLATE, "[1]", "must be an array of objects"),
    ],
)
def test_a_wrong_answer_is_reported(
    create: Post,
    template_app: TemplateApp,
    status: int,
    template: str,
    context: str,
    says: str,
) -> None:
    template_app.template, template_app.context = (status, template), context
    answer = create("viewed")
    assert answer.status_code == 400
    assert says in unescape(answer.text)


def test_a_missing_app_is_reported(confluence: LocalConfluence, desk: Post) -> None:
    modules = {"blueprints": [blueprint("viewed")]}
    with serve_app(confluence, descriptor={"modules": modules}) as app:
        desk("install", descriptorUrl=app.descriptor_url)
    url = f"{confluence.base_url}/spaces/DS/create"
    form = {"template": f"{APP_KEY}/viewed"}
    answer = requests.post(url, data=form, timeout=20)
    assert answer.status_code == 400
    assert "did not answer GET /template" in answer.text


def test_a_taken_title_is_reported(create: Post) -> None:
    assert create("viewed").status_code == 303
    answer = create("viewed")
    assert answer.status_code == 400
    assert "already exists" in answer.text


def test_templates_are_offered_to_users_who_can_write(
    confluence: LocalConfluence, create: Post, desk: Post
) -> None:
    space = f"{confluence.base_url}/spaces/DS"
    assert 'href="/wiki/spaces/DS/create"' in requests.get(space, timeout=10).text
    form = requests.get(f"{space}/create", timeout=10).text
    assert f'value="{APP_KEY}/viewed"' in form
    desk("user", user="anonymous")
    assert 'href="/wiki/spaces/DS/create"' not in requests.get(space, timeout=10).text
    assert requests.get(f"{space}/create", timeout=10).status_code == 404
    assert create("viewed").status_code == 404


def test_unknown_templates_and_spaces_are_404(create: Post) -> None:
    assert create("nothing").status_code == 404
    assert create("viewed", space="NOPE").status_code == 404
    assert create("viewed", space="%FF").status_code == 404


def test_storage_format_is_inserted_only_if_both_sides_say_so() -> None:
    values = {"s": Value("<br/>", True), "p": Value("<br/>", False)}
    raw = '<at:var at:rawxhtml="true" at:name="{}"/>'
    plain = "<at:var at:name='{}'/>"
    assert substitute(raw.format("s"), values) == "<br/>"
    assert substitute(raw.format("p"), values) == "&lt;br/&gt;"
    assert substitute(plain.format("s"), values) == "&lt;br/&gt;"
    assert substitute(plain.format("x"), values) == ""
