"""``flask connect``: what an operator does with tenants and settings."""

import json
from dataclasses import asdict
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from .doctor import run_checks
from .errors import ConnectError
from .tenants.models import Tenant
from .tenants.signals import notify, tenant_purged
from .tenants.state import get_state

connect_cli = AppGroup("connect", help="Tenants, secrets and the state of the app.")

_STATES = ("enabled", "disabled", "uninstalled")


@connect_cli.command()
def doctor() -> None:
    """Check settings, database, secrets, descriptor and key servers."""
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
    client_keys = get_state().tenants.purge(retention_days=days, dry_run=dry_run)
    for client_key in client_keys:
        click.echo(client_key)
        if not dry_run:
            notify(tenant_purged, client_key=client_key)
    verb = "would be purged" if dry_run else "purged"
    click.echo(f"{len(client_keys)} {verb}, uninstalled over {days} days ago", err=True)


@connect_cli.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt every shared secret with the first of CONNECT_ENCRYPTION_KEYS."""
    store = get_state().tenants
    done = 0
    try:
        with click.progressbar(length=store.count(), label="Encrypting") as bar:
            for size in store.reencrypt():
                bar.update(size)
                done += size
    except ConnectError as error:
        raise click.ClickException(f"{error}. {done} tenants are done") from None
    click.echo(f"{done} tenants encrypted; the older keys may now be removed", err=True)


def _as_line(tenant: Tenant) -> str:
    where = f"{tenant.product_type:<11} {tenant.base_url}"
    return f"{tenant.state:<12} {where}  {tenant.client_key}"


def _as_json(tenant: Tenant) -> str:
    fields: dict[str, Any] = asdict(tenant) | {"state": tenant.state}
    return json.dumps(fields, default=str)
