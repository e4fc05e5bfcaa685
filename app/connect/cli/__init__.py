"""``flask connect``: what an operator does with tenants and settings."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ..errors import ConnectError
from ..maintenance.purge import purge_tenants
from ..tenants.models import Tenant
from ..tenants.state import get_state
from ..webhooks.archive import Filter
from ..webhooks.state import get_background
from .doctor import run_checks
from .personal_data import personal_data_cli
from .scopes import access, scopes
from .webhooks import webhooks_cli

connect_cli = AppGroup("connect", help="Tenants, secrets and the state of the app.")

for command in (webhooks_cli, personal_data_cli, scopes, access):
    connect_cli.add_command(command)

_STATES = ("enabled", "disabled", "uninstalled")


@connect_cli.command()
def doctor() -> None:
    """Check settings, database, secrets, descriptor, broker and key servers."""
    failed = 0
    for check in run_checks():
        mark = (
            click.style("ok  ", fg="green")
            if check.passed
            else click.style("FAIL", fg="red")
        )
        click.echo(f"{mark}  {check.name}: {check.finding}")
        failed += not check.passed
    if failed:
        raise click.ClickException(f"{failed} of the checks above failed")


@connect_cli.command()
@click.option("--state", type=click.Choice(_STATES), help="Only tenants in this state.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def tenants(state: str | None, as_json: bool) -> None:
    """List the tenants, without their secrets."""
    for tenant in get_state().tenants.iterate(state):
        click.echo(_as_json(tenant) if as_json else _as_line(tenant))


@connect_cli.command()
@click.option("--dry-run", is_flag=True, help="Only say which tenants would go.")
def purge(dry_run: bool) -> None:
    """Delete the tenants whose retention time after uninstall is over."""
    days = current_app.config["CONNECT_TENANT_RETENTION_DAYS"]
    if dry_run:
        client_keys = get_state().tenants.purge(retention_days=days, dry_run=True)
    else:
        client_keys = purge_tenants()
    for client_key in client_keys:
        click.echo(client_key)
    verb = "would be purged" if dry_run else "purged"
    click.echo(f"{len(client_keys)} {verb}, uninstalled over {days} days ago", err=True)


@connect_cli.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt all that is encrypted with the first of CONNECT_ENCRYPTION_KEYS.

    That is the tenants' shared secrets, and what webhooks carried.
    """
    store, archive = get_state().tenants, get_background().archive
    tenants = _reencrypt("tenants", store.reencrypt(), store.count())
    webhooks = _reencrypt("webhooks", archive.reencrypt(), archive.count(Filter()))
    click.echo(
        f"{tenants} tenants and {webhooks} webhooks encrypted; "
        "the older keys may now be removed",
        err=True,
    )


def _reencrypt(what: str, batches: Iterable[int], length: int) -> int:
    done = 0
    try:
        with click.progressbar(length=length, label=f"Encrypting {what}") as bar:
            for size in batches:
                bar.update(size)
                done += size
    except ConnectError as error:
        raise click.ClickException(f"{error}. {done} {what} are done") from None
    return done


def _as_line(tenant: Tenant) -> str:
    where = f"{tenant.product_type:<11} {tenant.base_url}"
    return f"{tenant.state:<12} {where}  {tenant.client_key}"


def _as_json(tenant: Tenant) -> str:
    fields: dict[str, Any] = asdict(tenant) | {"state": tenant.state}
    return json.dumps(fields, default=str)
