"""``flask connect scopes`` and ``access``: scopes and rules of the recorded calls."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from flask import current_app
from flask.cli import with_appcontext

from ..descriptor.document import get_descriptor
from ..descriptor.lint import iterate_modules
from ..outbound.recorder import FILE_NAME, RecordedCall, read_calls
from ..protocol.access_rules import BLOCKED, EXEMPT
from ..protocol.scopes import INACCESSIBLE, effective_scopes, smallest_scopes

UNKNOWN: Final = "unknown"

_HOW_TO_RECORD = (
    "No calls are recorded. Set CONNECT_RECORD_CALLS=yes, as `make run` does in .env, "
    "then use the app or run its tests, and ask again."
)
_OF_PAGES = (
    "calls of your pages through AP.request are not recorded but need scopes, too"
)
# The recorded calls can't show whether these are needed.
_NOT_JUDGED = frozenset({"NONE", "ACT_AS_USER", "PROJECT_ADMIN"})
# The most important first.
_RULES = (BLOCKED, UNKNOWN, EXEMPT)


@dataclass(frozen=True)
class ScopeReport:
    """What a descriptor declares, and what the recorded calls need."""

    declared: tuple[str, ...]
    calls: tuple[RecordedCall, ...]
    has_webhooks: bool

    @property
    def needed(self) -> frozenset[str]:
        """The scopes of all calls; a descriptor with webhooks needs READ."""
        found = {call.operation.scope for call in self.calls if call.operation}
        webhooks = {"READ"} if self.has_webhooks else set()
        return frozenset((found | webhooks) - {INACCESSIBLE})

    @property
    def missing(self) -> tuple[str, ...]:
        """The scopes that the descriptor lacks."""
        return smallest_scopes(self.needed - effective_scopes(self.declared))

    @property
    def too_much(self) -> tuple[str, ...]:
        """The declared scopes that no recorded call needs."""
        if not self.calls:
            return ()
        granted = effective_scopes(self.needed) | _NOT_JUDGED
        return tuple(scope for scope in self.declared if scope.upper() not in granted)

    @property
    def inaccessible(self) -> tuple[RecordedCall, ...]:
        """The calls that no Connect app is allowed to make."""
        return tuple(call for call in self.calls if scope_of(call) == INACCESSIBLE)

    @property
    def suggestion(self) -> str:
        """What to write into the descriptor."""
        kept = [scope for scope in self.declared if scope not in self.too_much]
        return f'"scopes": {json.dumps(smallest_scopes([*kept, *self.needed]))}'


def scope_of(call: RecordedCall) -> str | None:
    """Return the scope that a call needs; None if no table knows it."""
    return call.operation.scope if call.operation else None


def rule_of(call: RecordedCall) -> str:
    """Return how an access rule affects a call."""
    return call.operation.access_rule if call.operation else UNKNOWN


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_appcontext
def scopes(as_json: bool) -> None:
    """Compare the descriptor's scopes with the recorded calls; fail if one is missing.

    Calls are recorded where CONNECT_RECORD_CALLS is yes: while developing and in
    tests. Delete the file to start over.
    """
    descriptor = get_descriptor()
    report = ScopeReport(
        declared=tuple(descriptor.get("scopes", [])),
        calls=tuple(_recorded()),
        has_webhooks=any(
            kind == "webhooks" for _, kind, _ in iterate_modules(descriptor)
        ),
    )
    if as_json:
        click.echo(json.dumps(_report_as_json(report), indent=2))
    else:
        _show(report)
    if report.missing or report.inaccessible:
        raise click.ClickException(_failure(report))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@with_appcontext
def access(as_json: bool) -> None:
    """Show which of the recorded calls an app access rule can block.

    Such a call is answered as if the content were not there, and raises
    AccessRuleError; a list or a search only leaves the content out.
    """
    calls = sorted(_recorded(), key=lambda call: (_RULES.index(rule_of(call)), call))
    if not calls:
        click.echo(_HOW_TO_RECORD, err=True)
    for call in calls:
        click.echo(
            json.dumps(_call_as_json(call) | {"access_rule": rule_of(call)})
            if as_json
            else f"{rule_of(call):<8} {call}"
        )
    if calls and not as_json:
        blocked = sum(rule_of(call) == BLOCKED for call in calls)
        click.echo(f"{blocked} of {len(calls)} can be blocked", err=True)


def _file() -> Path:
    return Path(current_app.instance_path) / FILE_NAME


def _recorded() -> list[RecordedCall]:
    try:
        return read_calls(_file())
    except OSError as error:
        raise click.ClickException(
            f"{_file()} can't be read: {error.strerror}"
        ) from None


def _show(report: ScopeReport) -> None:
    click.echo(f"declared: {', '.join(report.declared) or 'none'}")
    granted = effective_scopes(report.declared)
    for call in report.calls:
        scope = scope_of(call) or UNKNOWN
        lacking = scope not in granted and scope != UNKNOWN
        line = f"{scope:<22} {call}"
        click.echo(
            click.style(f"{line}  <- not granted", fg="red") if lacking else line
        )
    if not report.calls:
        click.echo(_HOW_TO_RECORD)
    if report.too_much:
        click.echo(
            f"too much: {', '.join(report.too_much)}. Unless your pages use it "
            f"({_OF_PAGES}), write {report.suggestion}"
        )


def _failure(report: ScopeReport) -> str:
    failures = [f"{call} is closed to Connect apps" for call in report.inaccessible]
    if report.missing:
        failures.append(
            f"missing: {', '.join(report.missing)}. Write {report.suggestion} into "
            "atlassian-connect.json"
        )
    return "; ".join(failures)


def _report_as_json(report: ScopeReport) -> dict[str, Any]:
    granted = effective_scopes(report.declared)
    return {
        "declared": report.declared,
        "needed": smallest_scopes(report.needed),
        "missing": report.missing,
        "too_much": report.too_much,
        "inaccessible": list(map(str, report.inaccessible)),
        "calls": [
            _call_as_json(call) | {"granted": scope is None or scope in granted}
            for call in report.calls
            for scope in [scope_of(call)]
        ],
    }


def _call_as_json(call: RecordedCall) -> dict[str, Any]:
    return {"method": call.method, "path": call.path, "scope": scope_of(call)}
