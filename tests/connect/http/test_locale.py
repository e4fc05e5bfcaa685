"""The locale of an answer, and which catalog its texts come from."""

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template
from flask_babel import force_locale, get_locale, gettext
from jinja2 import DictLoader

from app.connect import acting_for
from app.connect.http.locale import language, select_locale
from app.connect.tenants.models import Tenant
from tests.catalogs import assert_compiled, assert_complete, catalogs, language_of
from tests.example import HOME, create_app

CATALOGS = catalogs("app/connect/translations")


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with an extra translation."""
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
def test_the_best_available_language_is_chosen(
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


@pytest.mark.parametrize("path", CATALOGS, ids=language_of)
def test_a_catalog_has_each_text_of_the_framework_and_no_other(path: Path) -> None:
    assert_complete(path, ["app/connect"])


@pytest.mark.parametrize("path", CATALOGS, ids=language_of)
def test_a_compiled_catalog_is_up_to_date(path: Path) -> None:
    assert_compiled(path)


def test_there_is_a_catalog() -> None:
    assert [language_of(path) for path in CATALOGS] == ["de"]


def test_a_relative_home_has_its_templates(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree(HOME, tmp_path / "app")
    monkeypatch.chdir(tmp_path)
    app = create_app(config, home=Path("app"))
    assert app.jinja_env.get_template("page.html")


def test_a_text_of_the_app_stands_before_that_of_the_framework(
    config: dict[str, Any], tmp_path: Path
) -> None:
    copytree(HOME, tmp_path / "app")
    folder = tmp_path / "app" / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog("de")
    catalog.add("This page could not be opened", "Mein Text")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    client = create_app(config, home=tmp_path / "app").test_client()
    headers = {"Accept-Language": "de", "Accept": "text/html"}
    text = client.get("/overview", headers=headers).text
    assert "<h1>Mein Text</h1>" in text
    assert "hilft das nicht" in text


def test_the_page_of_a_refusal_may_be_the_author_s(
    config: dict[str, Any], tmp_path: Path
) -> None:
    copytree(HOME, tmp_path / "app")
    folder = tmp_path / "app" / "templates" / "connect"
    folder.mkdir()
    (folder / "refused.html").write_text("Mine: {{ error }}")
    client = create_app(config, home=tmp_path / "app").test_client()
    text = client.get("/overview", headers={"Accept": "text/html"}).text
    assert text == "Mine: unauthorized"


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        pytest.param("a.html", "{{ _('%(x)s is', x=x) }}", "&lt;b&gt; is", id="html"),
        pytest.param("a.txt", "{{ _('%(x)s is', x=x) }}", "<b> is", id="plain text"),
        pytest.param(
            "a.html",
            "{% trans x=x %}{{ x }} is{% endtrans %}",
            "&lt;b&gt; is",
            id="block",
        ),
        pytest.param("a.html", "{{ _('100%%') }}", "100%", id="percent sign"),
    ],
)
def test_the_values_in_a_text_are_escaped(
    app: Flask, name: str, source: str, expected: str
) -> None:
    app.jinja_env.loader = DictLoader({name: source})
    with app.test_request_context():
        assert render_template(name, x="<b>") == expected


def test_a_forced_language_is_that_of_the_whole_page(app: Flask) -> None:
    text = "This page could not be opened"
    app.jinja_env.loader = DictLoader({"a.html": "{{ _(text) }}"})
    with app.test_request_context("/?loc=en"):
        said = [render_template("a.html", text=text)]
        with force_locale("de"):
            said.append(render_template("a.html", text=text))
        said.append(render_template("a.html", text=text))
    assert said == [text, "Diese Seite ließ sich nicht öffnen", text]
