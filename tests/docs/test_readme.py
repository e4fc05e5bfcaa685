"""The README's code runs, and its commands and settings are the real ones."""

import re

import click
import pytest
import responses
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from app.config import ROOT
from app.connect import TenantService, WebhookDelivery, acting_for
from app.connect.db.columns import utc_now
from app.connect.tenants.models import Tenant
from app.connect.webhooks.handlers import registered
from tests import signing

README = (ROOT / "README.md").read_text(encoding="utf-8")
if not README.startswith("# Confluence Connect on Flask\n"):
    pytest.skip("this README is a fork's own", allow_module_level=True)
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PROPERTY = re.compile(r".*/properties/colour")
MODULES = re.compile(r".*/app/module/dynamic")


def test_the_pages_of_the_readme_answer(
    app: Flask, pages: Blueprint, request: pytest.FixtureRequest
) -> None:
    exec(BLOCKS[0], {})  # noqa: S102 - the README's own code
    app.register_blueprint(pages)
    tenant: Tenant = request.getfixturevalue("tenant")
    client: FlaskClient = app.test_client()
    page = client.get(
        "/hello", headers=signing.authorization(signing.host_token("GET", "/hello"))
    )
    assert page.text == f"Hello {signing.ACCOUNT_ID} at {tenant.display_url}"
    with responses.RequestsMock() as network:
        network.get(PROPERTY, json={"key": "colour", "value": "teal"})
        answer = client.get(
            "/api/colour", headers=signing.authorization(signing.context_token())
        )
    assert answer.json == {"colour": "teal"}


def test_the_calls_of_the_readme_are_made(app_context: None, tenant: Tenant) -> None:
    with responses.RequestsMock() as network:
        network.put(PROPERTY, status=201)
        network.get(PROPERTY, json={"key": "colour", "value": 1})
        network.get(re.compile(r".*/properties$"), json={"keys": []})
        network.delete(PROPERTY, status=204)
        network.get(re.compile(r".*/addons/[^/]+$"), json={"key": signing.APP_KEY})
        network.post(MODULES)
        network.get(MODULES, json={})
        network.delete(MODULES, status=204)
        network.get(re.compile(r".*/rest/api/space.*"), json={"results": []})
        names = {"client_key": tenant.client_key, "web_item": {"key": "my-link"}}
        exec(BLOCKS[1], names)  # noqa: S102 - the README's own code
    assert isinstance(names["service"], TenantService)


def test_the_subscriber_of_the_readme_hears_of_an_install(
    client: FlaskClient,
    key_server: responses.RequestsMock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names: dict[str, object] = {}
    exec(BLOCKS[2], names)  # noqa: S102 - the README's own code
    answer = client.post(
        "/installed",
        json=signing.payload(),
        headers=signing.authorization(signing.install_token()),
    )
    assert answer.status_code == 204
    assert capsys.readouterr().out == f"{signing.SITE}: first install\n"


def test_the_webhook_of_the_readme_enqueues_its_task(
    app: Flask, tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {"__name__": "readme"}
    exec(BLOCKS[3], names)  # noqa: S102 - the README's own code
    [handler] = registered["page_updated"]
    body = {"page": {"id": 98421}}
    tasks = app.extensions["celery"].tasks
    with app.app_context(), acting_for(tenant):
        delivery = WebhookDelivery(1, "page_updated", body, utc_now(), 1)
        handler(delivery)
    assert tasks["readme.index_page"].max_retries == 5
    with responses.RequestsMock() as network:
        network.get(re.compile(r".*/api/v2/pages/98421"), json={"title": "Plan"})
        tasks["readme.index_page"](tenant.client_key, None, [98421], {})
    assert capsys.readouterr().out == "Plan\n"


def test_every_make_command_of_the_docs_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    docs = README + (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", docs, re.MULTILINE))
    assert {one or other for one, other in named} <= targets
    assert named


def test_the_documents_have_every_flask_command(app: Flask) -> None:
    group = app.cli.commands["connect"]
    assert isinstance(group, click.Group)
    named = set(re.findall(r"flask --app wsgi connect ([a-z-]+)", OPERATIONS))
    assert named == set(group.commands)
