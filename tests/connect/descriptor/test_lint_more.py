"""Lint rules for single pages, caching, regions and migration."""

from typing import Any

import pytest

from app.connect.descriptor.lint import find_problems, iterate_conditions
from tests.connect.descriptor.test_lint import changed, problems

PAGE = {"key": "k", "name": {"value": "K"}, "url": "/k"}
DARE = (
    "$.lifecycle.dare-migration is not relative to baseUrl: "
    'write e.g. "/dare-migration"'
)
HTTPS = "is not a plain https URL such as https://app.example.com"
RELATIVE = 'is not relative to baseUrl: write e.g. "/migration"'


@pytest.mark.parametrize("kind", ["configurePage", "postInstallPage"])
def test_some_pages_are_single(kind: str) -> None:
    assert problems(f"modules/{kind}", PAGE) == []
    assert problems(f"modules/{kind}", [PAGE]) == [
        f"$.modules.{kind} is a list: write one object, {{...}}"
    ]
    assert problems(f"modules/{kind}", PAGE | {"url": "k"}) == [
        f'$.modules.{kind}.url is not relative to baseUrl: write e.g. "/page"'
    ]


@pytest.mark.parametrize("value", [1, "true", None, []])
def test_cacheable_is_true_or_false(value: Any) -> None:
    assert problems("modules/generalPages/0/cacheable", value) == [
        "$.modules.generalPages[0].cacheable is neither true nor false: write true"
    ]


@pytest.mark.parametrize(
    ("cacheable", "url", "fits"),
    [
        (True, "/page", True),
        (True, "/page?a=1", True),
        (False, "/page?id={content.id}", True),
        (True, "/page?id={content.id}", False),
    ],
)
def test_a_cacheable_url_has_no_variables(
    cacheable: bool, url: str, fits: bool
) -> None:
    module = PAGE | {"cacheable": cacheable, "url": url}
    expected = (
        "$.modules.webPanels[0].url has variables, which the host leaves as they are "
        "in a cacheable module: ask the bridge for them"
    )
    assert problems("modules/webPanels", [module]) == ([] if fits else [expected])


@pytest.mark.parametrize("value", [1, None, "https://a.example.com/x", "x"])
def test_the_residency_callback_is_relative(value: Any) -> None:
    assert problems("lifecycle/dare-migration", "/dare-migration") == []
    assert problems("lifecycle/dare-migration", value) == [DARE]


def test_each_region_has_a_base_url() -> None:
    good = {"EU": "https://eu.example.com", "DE": "https://eu.example.com/base"}
    assert problems("regionBaseUrls", good) == []
    bad = {"EU": "eu.example.com", "US": "http://us.example.com", "AU": None}
    assert problems("regionBaseUrls", bad) == [
        f"$.regionBaseUrls.EU {HTTPS}",
        "$.regionBaseUrls.US must be https; http is for loopback addresses only",
        f"$.regionBaseUrls.AU {HTTPS}",
    ]


@pytest.mark.parametrize("value", [None, [], "https://eu.example.com"])
def test_the_regions_are_an_object(value: Any) -> None:
    assert problems("regionBaseUrls", value) == [
        '$.regionBaseUrls is not an object: write e.g. {"EU": "https://..."}'
    ]


@pytest.mark.parametrize("place", ["cloudAppMigration", "modules/cloudAppMigration"])
def test_the_migration_path_is_relative(place: str) -> None:
    path = "$." + place.replace("/", ".")
    assert problems(place, {"migrationWebhookPath": "/migration"}) == []
    for value in ("migration", None, 1):
        assert problems(place, {"migrationWebhookPath": value}) == [
            f"{path}.migrationWebhookPath {RELATIVE}"
        ]
    assert problems(place, {}) == []


def test_the_migration_is_an_object() -> None:
    assert problems("cloudAppMigration", "/migration") == [
        "$.cloudAppMigration is not an object: "
        'write {"migrationWebhookPath": "/migration"}'
    ]


@pytest.mark.parametrize("name", ["editionsEnabled", "dataResidency", "somethingNew"])
@pytest.mark.parametrize("value", [True, {"any": [1]}, "text", None])
def test_fields_without_a_known_rule_are_left_alone(name: str, value: Any) -> None:
    assert list(find_problems(changed(name, value))) == []


def test_conditions_are_found_however_deep() -> None:
    conditions = [
        {"condition": "a"},
        {
            "or": [
                {"condition": "b"},
                {"type": "and", "conditions": [{"condition": "c"}]},
            ]
        },
        {"and": {"condition": "no list"}},
        {"condition": 1},
        "d",
    ]
    assert list(iterate_conditions("conditions", conditions)) == [
        ("conditions[0]", "a"),
        ("conditions[1].or[0]", "b"),
        ("conditions[1].or[1].conditions[0]", "c"),
    ]
    assert list(iterate_conditions("conditions", None)) == []
