"""Which module may import which, and which policy guards which route."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.config import ROOT
from app.connect.inbound.verify import Policy, policy_of

# Each layer may import itself and those in front of it, except its neighbours on
# the same level.
LAYERS = {
    "app.connect.errors": 0,
    "app.connect.protocol": 1,
    "app.connect.db": 2,
    "app.connect.tenants": 3,
    "app.connect.http": 4,
    "app.connect.tasks": 4,
    "app.connect.inbound": 5,
    "app.connect.outbound": 5,
    "app.connect.webhooks": 6,
    "app.connect.licensing": 6,
    "app.connect.permissions": 6,
    "app.connect.personal_data": 6,
    "app.connect.descriptor": 7,
    "app.connect.maintenance": 7,
    "app.connect.cli": 8,
    "app.connect": 9,
    "app.pages": 10,
}
OUTSIDE = {"app", "app.config", "app.extensions", "app.config_readers"}
PUBLIC = {
    "/atlassian-connect.json",
    "/healthz",
    "/readyz",
    "/static/<path:filename>",
}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a module imports anywhere in it, in full."""
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> str | None:
    """Return the innermost layer that a module, or a name in one, belongs to."""
    found = [
        layer for layer in LAYERS if module == layer or module.startswith(f"{layer}.")
    ]
    return max(found, key=len, default=None)


def is_of(module: str, packages: tuple[str, ...]) -> bool:
    return module.partition(".")[0] in packages


def test_the_imports_are_read_right() -> None:
    found = set(imports_of(ROOT / "app" / "connect" / "inbound" / "verify.py"))
    assert {
        "logging",
        "app.connect.errors.AuthenticationError",
        "app.connect.tenants.state",
        "app.connect.inbound.request_token.get_token",
    } <= found
    assert "app.connect.descriptor.lint" in set(
        imports_of(ROOT / "app/connect/__init__.py")
    )
    assert layer_of("app.connect.inbound.verify.Policy") == "app.connect.inbound"
    assert layer_of("app.connect.check") == "app.connect"
    assert layer_of("app.extensions") is None


@pytest.mark.parametrize("path", modules("app"), ids=name_of)
def test_a_module_imports_only_the_layers_below_it(path: Path) -> None:
    own = layer_of(name_of(path))
    if own is None:
        assert name_of(path) in OUTSIDE
        return
    for imported in imports_of(path):
        other = layer_of(imported)
        if other is not None and other != own:
            assert LAYERS[other] < LAYERS[own], f"{own} imports {imported}"


@pytest.mark.parametrize("path", modules("app/connect"), ids=name_of)
def test_the_framework_is_handed_its_settings(path: Path) -> None:
    for imported in imports_of(path):
        assert not imported.startswith(
            ("app.config", "app.config_readers", "app.pages")
        ), imported
        assert imported not in ("os", "dotenv"), imported


@pytest.mark.parametrize("path", modules("app/connect/protocol"), ids=name_of)
def test_the_protocol_is_pure(path: Path) -> None:
    impure = ("flask", "requests", "sqlalchemy", "werkzeug", "flask_sqlalchemy")
    for imported in imports_of(path):
        assert not is_of(imported, impure), imported
        assert not imported.startswith("app.extensions"), imported


def test_what_all_import_imports_nothing_of_the_framework() -> None:
    for imported in imports_of(ROOT / "app" / "extensions.py"):
        assert not is_of(imported, ("app",)), imported


@pytest.mark.parametrize("path", modules("app"), ids=name_of)
def test_the_app_imports_nothing_of_the_local_confluence(path: Path) -> None:
    for imported in imports_of(path):
        assert not is_of(imported, ("devhost", "atlassian_jwt", "tests")), imported


def test_only_one_module_reads_the_environment() -> None:
    readers = {name_of(path) for path in modules("app") if "os" in imports_of(path)}
    assert readers == {"app.config"}


@pytest.mark.parametrize("path", modules("app"), ids=name_of)
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    if layer_of(name_of(path)) == "app.pages":
        return  # A fork's own pages are as long as it likes.
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_every_route_declares_one_policy(app: Flask) -> None:
    policies = {
        rule.rule: policy_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
    }
    assert all(isinstance(policy, Policy) for policy in policies.values()), policies
    public = {rule for rule, policy in policies.items() if policy is Policy.PUBLIC}
    assert public == PUBLIC


@pytest.mark.parametrize(
    ("rule", "policy"),
    [
        ("/installed", Policy.SIGNED_INSTALL),
        ("/uninstalled", Policy.SIGNED_INSTALL),
        ("/enabled", Policy.URL_BOUND),
        ("/disabled", Policy.URL_BOUND),
        ("/webhooks/<event>", Policy.URL_BOUND),
        ("/overview", Policy.URL_BOUND),
        ("/settings", Policy.URL_BOUND),
        ("/macros/greeting", Policy.URL_BOUND),
        ("/api/context", Policy.CONTEXT),
    ],
)
def test_a_route_has_its_policy(app: Flask, rule: str, policy: Policy) -> None:
    [endpoint] = {r.endpoint for r in app.url_map.iter_rules() if r.rule == rule}
    assert policy_of(app.view_functions[endpoint]) is policy


def test_every_route_that_is_not_public_refuses_a_stranger(app: Flask) -> None:
    client = app.test_client()
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.rule in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(rule.rule, method=method)
            assert answer.status_code == 401, (method, rule.rule)
            asked += 1
    assert asked > 10


def test_every_view_has_a_route(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(app.view_functions)
