"""Which language an answer is in, and that the catalogs have all texts."""

from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import get_locale, gettext

from app.config import ROOT
from app.connect import acting_for
from app.connect.http.locale import language, select_locale
from app.connect.tenants.models import Tenant

CATALOGS = sorted((ROOT / "app" / "translations").glob("*/LC_MESSAGES/messages.po"))


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with one translation more."""
    app.extensions["connect.http"].append("pt_BR")
    return app


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        pytest.param("", None, None, id="nothing"),
        pytest.param("?loc=de_DE", None, "de", id="country"),
        pytest.param("?loc=de-DE", None, "de", id="dash"),
        pytest.param("?loc=de", None, "de", id="language"),
        pytest.param("?loc=pt_BR", None, "pt_BR", id="the same country"),
        pytest.param("?loc=de_DE", "en", "de", id="URL before header"),
        pytest.param("?loc=fr_FR", "de", "de", id="header if URL has none of ours"),
        pytest.param("", "de-AT,en;q=0.5", "de", id="header"),
        pytest.param("", "en-GB,de;q=0.5", "en", id="English first"),
        pytest.param("", "fr,de;q=0.1,en;q=0.2", "en", id="by quality"),
        pytest.param("", "de;q=0", None, id="refused"),
        pytest.param("", "*", None, id="any"),
        pytest.param("?loc=", "", None, id="empty"),
        pytest.param("?loc=../../etc", "xx-", None, id="odd"),
        pytest.param("?loc=%00%ff_", "_,-;q=x", None, id="hostile"),
        pytest.param("?loc=" + "de_" * 900, None, "de", id="long"),
    ],
)
def test_the_best_language_that_there_is(
    app: Flask, query: str, accept: str | None, expected: str | None
) -> None:
    headers = {} if accept is None else {"Accept-Language": accept}
    with app.test_request_context(f"/{query}", headers=headers):
        assert select_locale() == expected
        assert str(get_locale()) == (expected or "en")


def test_a_page_says_its_language(app: Flask) -> None:
    with app.test_request_context("/?loc=pt-br"):
        assert language() == "pt-BR"
    with app.test_request_context("/"):
        assert language() == "en"


def test_work_without_a_request_is_in_english(app: Flask, tenant: Tenant) -> None:
    with app.app_context(), acting_for(tenant):
        assert select_locale() is None
        assert (language(), gettext("Save")) == ("en", "Save")


def test_requests_in_one_app_context_choose_for_themselves(
    app: Flask, app_context: None
) -> None:
    client = app.test_client()
    said = [
        client.get(
            "/overview", headers={"Accept-Language": tag, "Accept": "text/html"}
        ).text
        for tag in ("de", "en", "de")
    ]
    assert ["Diese Seite ließ sich nicht öffnen" in text for text in said] == [
        True,
        False,
        True,
    ]
    assert '<html lang="de">' in said[0] and '<html lang="en">' in said[1]


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_a_catalog_has_each_text_of_the_app_and_no_other(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = tmp_path / "messages.pot"
    command = ["pybabel", "-q", "extract", "-F", "pyproject.toml", "-o", str(found)]
    cli: Any = CommandLineInterface()
    cli.run([*command, "app", "templates"])
    with found.open("rb") as file:
        texts = {message.id for message in read_po(file)}
    catalog = read(path)
    assert {message.id for message in catalog} == texts, "run make translations"
    untranslated = [m.id for m in catalog if m.id and (not m.string or m.fuzzy)]
    assert untranslated == []
    assert catalog.obsolete == {}
    for message in catalog:
        assert list(message.check(catalog)) == [], message.id


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_a_compiled_catalog_is_up_to_date(path: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "messages.mo"
    with compiled.open("wb") as file:
        write_mo(file, read(path))
    texts = []
    for mo in (compiled, path.with_suffix(".mo")):
        with mo.open("rb") as file:
            texts.append({m.id: m.string for m in read_mo(file) if m.id})
    assert texts[0] == texts[1], "run make translations"


def test_there_is_a_catalog() -> None:
    assert [path.parts[-3] for path in CATALOGS] == ["de"]
