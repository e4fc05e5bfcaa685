"""``flask connect tenant``: all about one tenant, and whether it is still there."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final, NamedTuple

import click
from flask.cli import with_appcontext

from ..errors import ConnectError, HostResponseError, HostUnavailableError
from ..outbound.service import TenantService
from ..tenants.lookup import history_of
from ..tenants.models import PastEvent, Tenant
from ..tenants.state import get_state
from .tenants import mentions

_MEANINGS: Final = {
    401: "the host does not accept the app's secret, as after an uninstall that the "
    "app has not heard of",
    404: "the host has no such app, or the site is gone",
}


class Answer(NamedTuple):
    """Whether a tenant's host knows the app, and what its answer means."""

    reachable: bool
    meaning: str


@click.command()
@click.argument("name", metavar="CLIENT_KEY|URL|CLOUD_ID")
@click.option("--ping", is_flag=True, help="Ask its host whether the app is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_appcontext
def tenant(name: str, ping: bool, as_json: bool) -> None:
    """Show a tenant and its history; fail if --ping finds that the app is not there."""
    found = _find(name)
    client_key = found.client_key if found else name
    history = history_of(client_key)
    if found is None and not history:
        raise click.ClickException(
            f"no tenant has the client key, URL or cloud id {name!r}: "
            "see flask connect tenants --find"
        )
    answer = _ask(found) if ping and found else None
    if as_json:
        click.echo(_as_json(client_key, found, history, answer))
    else:
        for line in _as_lines(client_key, found, history, answer):
            click.echo(line)
    if answer and not answer.reachable:
        raise click.ClickException(answer.meaning)


def _find(name: str) -> Tenant | None:
    """Return the tenant with a client key, or else the only one that fits *name*."""
    store = get_state().tenants
    if exact := store.find(name):
        return exact
    fitting = [tenant for tenant in store.iterate() if mentions(tenant, name)]
    if len(fitting) > 1:
        keys = ", ".join(tenant.client_key for tenant in fitting)
        raise click.ClickException(f"several tenants fit, name a client key: {keys}")
    return fitting[0] if fitting else None


def _ask(tenant: Tenant) -> Answer:
    try:
        TenantService(tenant).license.get()
    except HostUnavailableError as error:
        return Answer(False, f"no answer: {error}")
    except HostResponseError as error:
        status = error.status_code
        return Answer(False, f"{status}: {_MEANINGS.get(status, error.message)}")
    except ConnectError as error:
        return Answer(False, str(error))
    return Answer(True, "the host answers, and the app is installed there")


def _as_json(
    client_key: str,
    tenant: Tenant | None,
    history: list[PastEvent],
    answer: Answer | None,
) -> str:
    fields: dict[str, Any] = {"client_key": client_key, "state": "purged"}
    if tenant:
        fields = asdict(tenant) | {"state": tenant.state}
    fields["history"] = [event._asdict() for event in history]
    if answer:
        fields["ping"] = answer._asdict()
    return json.dumps(fields, default=str, indent=2)


def _as_lines(
    client_key: str,
    tenant: Tenant | None,
    history: list[PastEvent],
    answer: Answer | None,
) -> Iterator[str]:
    fields: dict[str, Any] = {"client_key": client_key, "state": "purged"}
    if tenant:
        fields = {"state": tenant.state} | asdict(tenant)
        del fields["id"], fields["enabled"]
    if answer:
        fields["ping"] = answer.meaning
    for name, value in fields.items():
        if value is not None:
            shown = f"{value:%Y-%m-%d %H:%M}" if name.endswith("_at") else value
            yield f"{name.replace('_', ' '):<20} {shown}"
    yield "history"
    for event in history:
        details = " ".join(f"{name}={text!r}" for name, text in event.details.items())
        yield f"  {event.occurred_at:%Y-%m-%d %H:%M}   {event.event} {details}".rstrip()
