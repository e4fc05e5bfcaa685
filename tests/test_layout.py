"""The layout: allowed imports, and the policy of each route."""

import ast
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from flask import Flask

from app import connect
from app.config import ROOT
from app.connect import errors
from app.connect.inbound.policies import Policy, policy_of

# Each layer may import itself and those before it, except its neighbours on the same
# level.
LAYERS = {
    "app.connect.errors": 0,
    "app.connect.metrics": 0,
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
# The keys of app.extensions, and the package that alone may name each.
STATES = {
    "connect": "app.connect.tenants",
    "connect.http": "app.connect.http",
    "connect.tasks": "app.connect.tasks",
    "connect.webhooks": "app.connect.webhooks",
    "connect.licensing": "app.connect.licensing",
    "connect.permissions": "app.connect.permissions",
    "connect.personal_data": "app.connect.personal_data",
    "connect.descriptor": "app.connect.descriptor",
    "connect.inbound": "app.connect.inbound",
    "connect.outbound": "app.connect.outbound",
}
PUBLIC = {
    "/atlassian-connect.json",
    "/healthz",
    "/readyz",
    "/static/<path:filename>",
}


def modules(package: str) -> list[Path]:
    path = ROOT / package
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports."""
    for base, name in statements_of(path):
        yield base
        if name:
            yield f"{base}.{name}"


def statements_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each module that is imported from, with the name; "" for a plain import."""
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((base, alias.name) for alias in node.names)


def modules_of(path: Path, known: Collection[str]) -> set[str]:
    """Return which of the *known* modules a module imports, or a name from."""
    found = set()
    for base, name in statements_of(path):
        full = f"{base}.{name}"
        found.add(full if full in known else base)
    return (found & set(known)) - {name_of(path)}


def layer_of(module: str) -> str | None:
    """Return the innermost layer that a module, or a name in one, belongs to."""
    found = [
        layer for layer in LAYERS if module == layer or module.startswith(f"{layer}.")
    ]
    return max(found, key=len, default=None)


def offenders(folder: str, forbidden: tuple[str, ...]) -> str:
    """Return the modules with forbidden imports, for an assertion's message."""
    return "\n".join(
        f"{name_of(path)} imports {imported}"
        for path in modules(folder)
        for imported in imports_of(path)
        if any(imported == one or imported.startswith(f"{one}.") for one in forbidden)
    )


def test_the_imports_are_read_right() -> None:
    found = set(imports_of(ROOT / "app" / "connect" / "inbound" / "verify.py"))
    assert {
        "logging",
        "app.connect.errors.AuthenticationError",
        "app.connect.tenants.state",
        "app.connect.inbound.request_token.get_token",
    } <= found
    assert "app.connect.descriptor.check.check" in set(
        imports_of(ROOT / "app/connect/__init__.py")
    )
    assert layer_of("app.connect.inbound.verify.Policy") == "app.connect.inbound"
    assert layer_of("app.connect.check") == "app.connect"
    assert layer_of("app.extensions") is None


def test_a_module_imports_only_the_layers_below_it() -> None:
    offenders = []
    for path in modules("app"):
        own = layer_of(name_of(path))
        if own is None:
            # The start of the app, and whatever else a fork keeps in app/.
            continue
        for imported in imports_of(path):
            other = layer_of(imported)
            if other not in (None, own) and LAYERS[other] >= LAYERS[own]:
                offenders.append(f"{name_of(path)} imports {imported}")
    assert not offenders, "\n".join(offenders)


def test_no_module_imports_itself_by_way_of_others() -> None:
    paths = {name_of(path): path for path in modules("app")}
    # The blueprint of the pages and its views: Flask's own idiom.
    del paths["app.pages"]
    graph = {name: modules_of(path, paths.keys()) for name, path in paths.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_framework_is_handed_its_settings() -> None:
    forbidden = ("app.config", "app.config_readers", "app.pages", "os", "dotenv")
    assert not offenders("app/connect", forbidden)


def test_the_protocol_is_pure() -> None:
    impure = ("flask", "requests", "sqlalchemy", "werkzeug", "flask_sqlalchemy")
    assert not offenders("app/connect/protocol", (*impure, "app.extensions"))


def test_the_extensions_module_imports_nothing_of_the_app() -> None:
    assert not offenders("app/extensions.py", ("app",))


def test_the_app_imports_nothing_of_the_local_confluence() -> None:
    assert not offenders("app", ("devhost", "atlassian_jwt", "tests"))


def test_only_one_module_reads_the_environment() -> None:
    readers = {name_of(path) for path in modules("app") if "os" in imports_of(path)}
    assert readers == {"app.config"}


def test_a_module_has_at_most_300_lines() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules("app")
        # A fork's own pages are as long as it likes.
        if layer_of(name_of(path)) != "app.pages"
    }
    assert not {name: length for name, length in lengths.items() if length > 300}


def test_the_framework_keeps_one_state_for_each_package(app: Flask) -> None:
    kept = {key for key in app.extensions if key.startswith("connect")}
    assert kept <= STATES.keys()


def test_only_its_accessor_and_init_app_name_a_state() -> None:
    offenders = []
    for path in modules("app"):
        name = name_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            key = named_state(node)
            if key and not f"{name}.".startswith(f"{STATES[key]}."):
                offenders.append(f"{name} names {key}")
    assert not offenders, "\n".join(offenders)


def named_state(node: ast.AST) -> str | None:
    """Return the state that a piece of code names; "connect" alone is many things."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        of_extensions = node.value.attr == "extensions"
        if of_extensions and ast.unparse(node.slice) == "'connect'":
            return "connect"
    if isinstance(node, ast.Constant) and node.value != "connect":
        return node.value if node.value in STATES else None
    return None


def test_every_error_can_be_imported_from_the_front_door() -> None:
    tree = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.ConnectError)
    }
    assert len(tree) > 20
    assert tree <= set(connect.__all__)
    assert all(getattr(connect, name) is getattr(errors, name) for name in tree)


def test_every_name_for_authors_is_there() -> None:
    assert not [name for name in connect.__all__ if not hasattr(connect, name)]
    assert connect.__all__ == sorted(connect.__all__)


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
