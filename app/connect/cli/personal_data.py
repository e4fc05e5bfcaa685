"""``flask connect personal-data``: list and report users whose data the app keeps."""

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from ..personal_data.cycle import report_personal_data
from ..personal_data.store import get_store

personal_data_cli = AppGroup(
    "personal-data", help="List and report the users whose data the app keeps."
)


@personal_data_cli.command("list")
@click.option("--tenant", metavar="CLIENT_KEY", help="Only this tenant.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_accounts(tenant: str | None, as_json: bool) -> None:
    """List the accounts, with the age of the oldest data and the next report."""
    for account in get_store().iterate(tenant):
        if as_json:
            click.echo(json.dumps(asdict(account), default=str))
        else:
            click.echo(
                f"{account.account_id}  updated {account.updated_at:%Y-%m-%d %H:%M}  "
                f"due {account.due_at:%Y-%m-%d %H:%M}  {account.client_key}"
            )


@personal_data_cli.command()
def report() -> None:
    """Report the accounts that are due now, as the scheduled task does."""
    counts = report_personal_data()
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    if counts["failed"]:
        raise click.ClickException("the log says why; they are tried again later")
