"""``flask connect webhooks``: list, show, replay and purge deliveries in the inbox."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click
from flask.cli import AppGroup

from ..db.columns import utc_now
from ..errors import ConnectError, QueueUnavailableError
from ..tasks.queue import get_queue
from ..webhooks.archive import Filter
from ..webhooks.models import CLOSED, DeliveryState, Status
from ..webhooks.state import get_webhooks
from ..webhooks.wake_up import RUN

webhooks_cli = AppGroup("webhooks", help="The inbox: list, show, replay and purge.")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A time, or how long ago: ``2026-11-21``, ``2026-11-21T08:00``, ``90m``."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """Return the time in UTC."""
        text = str(value)
        span = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
        try:
            if span:
                unit = {_UNITS[span[2]]: int(span[1])}
                return utc_now() - timedelta(**unit)
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is not a time: write e.g. 90m, 2h, 7d or 2026-11-21T08:00, "
                "which is in UTC",
                param,
                ctx,
            )


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select deliveries to a command."""

    @click.option("--tenant", metavar="CLIENT_KEY", help="Only this tenant's.")
    @click.option("--event", help="Only this event, such as page_created.")
    @click.option(
        "--status",
        multiple=True,
        type=click.Choice([status.value for status in Status]),
        help="Only this status; can be repeated.",
    )
    @click.option("--since", type=Moment(), help="Only later: 90m, 2h, 7d, a date.")
    @click.option("--until", type=Moment(), help="Only earlier.")
    @click.option("--limit", type=click.IntRange(1), help="Only the newest N.")
    @wraps(command)
    def with_filter(
        *args: Any,
        tenant: str | None,
        event: str | None,
        status: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        limit: int | None,
        **options: Any,
    ) -> None:
        wanted = Filter(
            client_key=tenant,
            event=event,
            status=tuple(map(Status, status)),
            since=since,
            until=until,
            limit=limit,
        )
        command(*args, wanted=wanted, **options)

    return with_filter


@webhooks_cli.command("list")
@_filtered
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_deliveries(wanted: Filter, as_json: bool) -> None:
    """List deliveries, newest first, without their bodies."""
    found = 0
    for delivery in get_webhooks().archive.iterate(wanted):
        click.echo(_as_json(delivery) if as_json else _as_line(delivery))
        found += 1
    if not found:
        click.echo("no such deliveries", err=True)


@webhooks_cli.command()
@click.argument("delivery_id", type=int)
@click.option("--body", is_flag=True, help="Include the body: the customer's own data.")
def show(delivery_id: int, body: bool) -> None:
    """Show one delivery as JSON."""
    archive = get_webhooks().archive
    delivery = archive.find(delivery_id)
    if delivery is None:
        raise click.ClickException(
            f"there is no delivery {delivery_id}: see flask connect webhooks list"
        )
    fields = asdict(delivery)
    if body:
        try:
            payload = archive.read(delivery_id)
        except ConnectError as error:
            raise click.ClickException(str(error)) from None
        fields["body"] = payload and payload.parse_body()
        fields["account_id"] = payload and payload.account_id
        fields["context"] = payload and payload.context
    click.echo(json.dumps(fields, default=str, indent=2))


@webhooks_cli.command()
@click.argument("delivery_ids", type=int, nargs=-1)
@_filtered
def replay(delivery_ids: tuple[int, ...], wanted: Filter) -> None:
    """Run deliveries again, from their first attempt: by id, or by filter.

    Deliveries that are running or were dropped are left alone.
    """
    if not delivery_ids and wanted == Filter():
        raise click.UsageError(
            "say which: an id or more, or a filter such as --status parked"
        )
    webhooks = get_webhooks()
    chosen = replace(wanted, ids=delivery_ids)
    asked, ids = webhooks.archive.count(chosen), list[int]()
    for batch in _progress(webhooks.archive.replay(chosen), asked, "Replaying"):
        ids += batch
    click.echo(f"{len(ids)} of {asked} will be run again", err=True)
    if not ids:
        return
    try:
        get_queue().send(RUN, ids[0])
    except QueueUnavailableError:
        click.echo("the broker is down: the next sweep will run them", err=True)


@webhooks_cli.command()
@_filtered
@click.option("--dry-run", is_flag=True, help="Only show how many would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask, even about unfinished ones.")
def purge(wanted: Filter, dry_run: bool, yes: bool) -> None:
    """Delete deliveries for good; by default those past their retention time.

    Without --status, only those that are done, parked or dropped.
    """
    webhooks = get_webhooks()
    if wanted == Filter():
        wanted = replace(wanted, until=utc_now() - webhooks.retention)
    chosen = wanted if wanted.status else replace(wanted, status=CLOSED)
    asked = webhooks.archive.count(chosen)
    if dry_run:
        click.echo(f"{asked} would be purged", err=True)
        return
    if asked and set(chosen.status) - set(CLOSED) and not yes:
        click.confirm(f"{asked} deliveries, not yet run: delete them?", abort=True)
    batches = _progress(webhooks.archive.purge(chosen), asked, "Purging")
    click.echo(f"{sum(batches)} purged", err=True)


def _progress(batches: Iterable[Any], length: int, label: str) -> Iterable[Any]:
    """Yield what *batches* yields, with a progress bar."""
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        for batch in batches:
            bar.update(batch if isinstance(batch, int) else len(batch))
            yield batch


def _as_line(delivery: DeliveryState) -> str:
    when = delivery.received_at.isoformat(sep=" ", timespec="seconds")
    line = (
        f"{delivery.id:>8}  {when}  {delivery.status:<9} {delivery.attempts:>3}  "
        f"{delivery.event:<24} {delivery.client_key}"
    )
    return f"{line}  {delivery.error}" if delivery.error else line


def _as_json(delivery: DeliveryState) -> str:
    return json.dumps(asdict(delivery), default=str)
