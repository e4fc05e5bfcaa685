"""``flask connect rotate-keys``: re-encrypt everything with the newest key."""

from collections.abc import Iterable

import click
from flask.cli import with_appcontext

from ..errors import ConnectError
from ..tenants.state import get_state
from ..webhooks.archive import Filter
from ..webhooks.state import get_webhooks


@click.command("rotate-keys")
@with_appcontext
def rotate_keys() -> None:
    """Re-encrypt everything with the first of CONNECT_ENCRYPTION_KEYS.

    That is the tenants' shared secrets and the payloads of webhooks.
    """
    store, archive = get_state().tenants, get_webhooks().archive
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
