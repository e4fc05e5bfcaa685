"""The example's pages in another language."""

import html
import json
import re
from pathlib import Path

import pytest
import responses
from flask.testing import FlaskClient

from app.config import ROOT
from app.connect.tenants.models import Tenant
from tests import signing
from tests.catalogs import assert_compiled, assert_complete, catalogs, language_of
from tests.pages.conftest import Opener
from tests.pages.test_views import ADMINISTRATOR, USER

CATALOGS = catalogs("app/translations")


def test_the_locale_of_the_url_is_the_pages(open_page: Opener) -> None:
    answer = open_page("/overview?loc=de_DE")
    assert '<html lang="de">' in answer.text
    assert '<h2 id="who">Wer fragt</h2>' in answer.text
    assert '<html lang="en">' in open_page("/overview?loc=fr_FR").text


def test_the_script_has_its_texts_from_the_page(open_page: Opener) -> None:
    for query, saved in (("", "Note saved."), ("?loc=de", "Notiz gespeichert.")):
        text = open_page(f"/overview{query}").text
        found = re.search(r"data-texts='([^']*)'", text)
        assert found is not None
        texts = json.loads(html.unescape(found[1]))
        assert texts["saved"] == saved
        assert "{status}" in texts["answered"] and "{type}" in texts["active"]


def test_the_script_asks_for_no_text_that_is_missing(open_page: Opener) -> None:
    client_text = open_page("/overview").text
    found = re.search(r"data-texts='([^']*)'", client_text)
    assert found is not None
    with (ROOT / "app" / "static" / "app.js").open(encoding="utf-8") as file:
        used = set(re.findall(r"\btexts\.([a-z]+)\b", file.read()))
    assert used == set(json.loads(html.unescape(found[1])))


def test_the_language_of_the_browser_is_next(
    client: FlaskClient, tenant: Tenant
) -> None:
    token = signing.host_token("GET", "/macros/greeting?space=DS")
    answer = client.get(
        f"/macros/greeting?space=DS&jwt={token}", headers={"Accept-Language": "de-CH"}
    )
    assert "im Bereich <strong>DS</strong>." in answer.text


@pytest.mark.parametrize("space", ["<b>", "%(key)s", "100%"])
def test_a_translated_text_escapes_what_it_holds(
    client: FlaskClient, tenant: Tenant, space: str
) -> None:
    context = {"confluence": {"space": {"key": space}}}
    token = signing.host_token("GET", "/macros/greeting", context=context)
    answer = client.get(
        f"/macros/greeting?jwt={token}", headers={"Accept-Language": "de"}
    )
    shown = space.replace("<", "&lt;").replace(">", "&gt;")
    assert f"<strong>{shown}</strong>" in answer.text


def test_a_time_is_written_as_the_language_does(
    open_page: Opener, tenant: Tenant, network: responses.RequestsMock
) -> None:
    network.get(USER, json=ADMINISTRATOR)
    installed = tenant.installed_at
    english = open_page("/settings").text
    german = open_page("/settings?loc=de").text
    assert f" {installed.day}, {installed.year}" in english
    assert f">{installed.day}. " in german and f" {installed.year}" in german
    assert f"{installed:%H:%M:%S} UTC</time>" in german


@pytest.mark.parametrize("path", CATALOGS, ids=language_of)
def test_a_catalog_has_each_text_of_the_pages_and_no_other(path: Path) -> None:
    assert_complete(path, ["app/pages", "templates"])
    assert_compiled(path)


def test_there_is_a_catalog() -> None:
    assert [language_of(path) for path in CATALOGS] == ["de"]


def test_the_files_of_the_descriptor_are_fetched_by_anyone(client: FlaskClient) -> None:
    descriptor = client.get("/atlassian-connect.json").get_json()
    [url] = descriptor["translations"]["paths"].values()
    with client.get(url) as answer:
        assert answer.mimetype == "application/json"
        assert answer.get_json()["greeting.name"] == "Begrüßung"
