"""``flask connect tenants`` and ``purge``: list tenants, and delete expired ones."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from ..db.columns import utc_now
from ..maintenance.purge import purge_tenants
from ..tenants.models import Tenant
from ..tenants.state import get_state

_STATES = ("enabled", "disabled", "uninstalled")


@click.command()
@click.option("--state", type=click.Choice(_STATES), help="Only tenants in this state.")
@click.option(
    "--find",
    metavar="TEXT",
    help="Only those with it in a URL, client key or cloud id.",
)
@click.option(
    "--silent-for",
    type=click.IntRange(1, 36_500),
    metavar="DAYS",
    help="Only installed ones from which nothing has come for so long.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@with_appcontext
def tenants(
    state: str | None, find: str | None, silent_for: int | None, as_json: bool
) -> None:
    """List the tenants, without their secrets."""
    for tenant in get_state().tenants.iterate(state):
        if find is not None and not mentions(tenant, find):
            continue
        if silent_for is not None and not _is_silent(tenant, silent_for):
            continue
        click.echo(_as_json(tenant) if as_json else _as_line(tenant))


def mentions(tenant: Tenant, text: str) -> bool:
    """Return whether *text* is in a tenant's URLs, client key or cloud id.

    Of a URL only the host name counts.
    """
    wanted = (urlsplit(text).hostname or text if "://" in text else text).lower()
    names = (tenant.client_key, tenant.base_url, tenant.display_url, tenant.cloud_id)
    return any(wanted in name.lower() for name in names if name)


def _is_silent(tenant: Tenant, days: int) -> bool:
    # Tenants of an earlier release have not been seen since they were last updated.
    seen = tenant.last_seen_at or tenant.updated_at
    return tenant.installed and seen < utc_now() - timedelta(days=days)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@with_appcontext
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


def _as_line(tenant: Tenant) -> str:
    where = f"{tenant.product_type:<11} {tenant.base_url}"
    return f"{tenant.state:<12} {where}  {tenant.client_key}"


def _as_json(tenant: Tenant) -> str:
    fields: dict[str, Any] = asdict(tenant) | {"state": tenant.state}
    return json.dumps(fields, default=str)
