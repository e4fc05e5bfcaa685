"""The descriptor's texts are checked against the translation files."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.connect import check, jwt_required, public
from app.connect.descriptor.check_translations import find_translation_problems
from app.connect.errors import DescriptorError
from tests.example import create_app

NAME = {"value": "Report", "i18n": "report.name"}
DE = "$.translations.paths.de-DE"
NO_FILE = f'{DE} is no file with a JSON object of texts: write {{"key": "text"}}'
UNSERVED = f"{DE} is not served by the app: put the file into app/static"


@pytest.fixture
def app(config: dict[str, Any], tmp_path: Path) -> Flask:
    app = create_app(config)
    app.static_folder = str(tmp_path)
    app.add_url_rule("/own.json", "own", public(lambda: "{}"))
    app.add_url_rule("/signed.json", "signed", jwt_required(lambda: "{}"))
    return app


def problems(
    app: Flask, paths: Any, *, content: str | bytes | None = None, **modules: Any
) -> list[str]:
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        Path(str(app.static_folder), "de.json").write_bytes(data)
    modules = modules or {"generalPages": [{"name": NAME}]}
    descriptor = {"modules": modules, "translations": {"paths": paths}}
    return list(find_translation_problems(app, descriptor))


def test_a_translation_is_a_public_file(app: Flask) -> None:
    paths = {"de-DE": "/static/de.json"}
    content = json.dumps({"report.name": "Bericht", "other": "x"})
    assert problems(app, paths, content=content) == []
    assert problems(app, {"de-DE": "/own.json"}) == []
    assert problems(app, {}) == []


@pytest.mark.parametrize("content", ["", "[]", "{", '{"report.name": 1}', b"\xff"])
def test_a_file_maps_keys_to_texts(app: Flask, content: str | bytes) -> None:
    paths = {"de-DE": "/static/de.json"}
    assert problems(app, paths, content=content) == [NO_FILE]


@pytest.mark.parametrize("url", ["/static/fr.json", "/static/../secret.json"])
def test_a_file_is_there(app: Flask, url: str) -> None:
    assert problems(app, {"de-DE": url}) == [NO_FILE]


def test_each_text_is_translated(app: Flask) -> None:
    assert problems(app, {"de-DE": "/static/de.json"}, content="{}") == [
        f"{DE} has no text for report.name: add one to /static/de.json"
    ]


@pytest.mark.parametrize("url", ["/nowhere.json", "de.json", None, 1])
def test_a_translation_is_served(app: Flask, url: Any) -> None:
    assert problems(app, {"de-DE": url}) == [UNSERVED]


def test_a_translation_is_served_to_anyone(app: Flask) -> None:
    assert problems(app, {"de-DE": "/signed.json"}) == [
        f"{DE} is guarded by the policy URL-bound: its view must be public"
    ]


@pytest.mark.parametrize("locale", ["de", "de_DE", "DE-de", "german", "de-DE "])
def test_a_locale_is_a_language_and_a_country(app: Flask, locale: str) -> None:
    assert problems(app, {locale: "/own.json"}) == [
        f"$.translations.paths.{locale} is not a locale: write e.g. de-DE"
    ]


@pytest.mark.parametrize("translations", [None, [], {}, {"paths": None}, {"paths": []}])
def test_the_paths_are_an_object(app: Flask, translations: Any) -> None:
    found = list(find_translation_problems(app, {"translations": translations}))
    assert found == [
        '$.translations.paths is no object: write e.g. {"de-DE": "/de-DE.json"}'
    ]


TEXT = "$.modules.generalPages[0].name"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"i18n": ""}, ".i18n is not 1 to 300 characters: write e.g. page.name"),
        (
            {"i18n": "k" * 301},
            ".i18n is not 1 to 300 characters: write e.g. page.name",
        ),
        ({"i18n": None}, ".i18n is not 1 to 300 characters: write e.g. page.name"),
        ({"value": ""}, ".value is not 1 to 1500 characters: write the English text"),
        (
            {"value": "v" * 1501},
            ".value is not 1 to 1500 characters: write the English text",
        ),
        ({"value": None}, ".value is not 1 to 1500 characters: write the English text"),
        ({"i18n": "k" * 300, "value": "v" * 1500}, None),
    ],
)
def test_a_text_has_a_value_and_a_key(
    app: Flask, change: dict[str, Any], problem: str | None
) -> None:
    modules = {"generalPages": [{"name": NAME | change}]}
    found = list(find_translation_problems(app, {"modules": modules}))
    assert found == ([f"{TEXT}{problem}"] if problem else [])


def test_one_key_has_one_value(app: Flask) -> None:
    macro = {"name": NAME, "parameters": [{"name": NAME | {"value": "Else"}}]}
    modules = {"generalPages": [{"name": NAME}], "dynamicContentMacros": [macro]}
    assert list(find_translation_problems(app, {"modules": modules})) == [
        "$.modules.dynamicContentMacros[0].parameters[0].name.i18n "
        "has another value elsewhere: write another key"
    ]


def test_the_start_stops_at_a_text_without_translation(config: dict[str, Any]) -> None:
    app = create_app(config)
    app.extensions["connect.descriptor"]["modules"]["generalPages"][0]["name"] = NAME
    with pytest.raises(DescriptorError, match="has no text for report.name"):
        check(app)


def test_the_files_of_the_example_are_fetched_by_anyone(app: Flask) -> None:
    app.static_folder = str(Path(app.root_path, "static"))
    descriptor = app.extensions["connect.descriptor"]
    assert descriptor["translations"]["paths"]
    for url in descriptor["translations"]["paths"].values():
        with app.test_client().get(url) as answer:
            assert answer.status_code == 200
            assert answer.mimetype == "application/json"
            assert answer.get_json()["greeting.name"] == "Begrüßung"
