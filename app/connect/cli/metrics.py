"""``flask connect metrics``: serve what the app counts, for Prometheus.

A process and a listener of its own, so that metrics are never on the public port, and
a scrape does not wait for the app's threads.
"""

import logging
from collections.abc import Iterable, Iterator

import click
from flask import current_app
from flask.cli import with_appcontext
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from ...extensions import db
from ..db.columns import utc_now
from ..tenants.current import get_app
from ..tenants.rows import record as tenant
from ..webhooks.inbox import record as delivery

_logger = logging.getLogger(__name__)


@click.command()
@click.option(
    "--bind",
    default="127.0.0.1:9102",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen. Never on a public address: it needs no password.",
)
@with_appcontext
def metrics(bind: str) -> None:
    """Serve the metrics of all processes on this machine, for Prometheus.

    PROMETHEUS_MULTIPROC_DIR names the folder that they share; empty it before they
    start.
    """
    folder = current_app.config["PROMETHEUS_MULTIPROC_DIR"]
    if folder is None:
        raise click.ClickException(
            "PROMETHEUS_MULTIPROC_DIR is not set. Set it to the same empty folder in "
            "the environment of the web processes, the workers and this command"
        )
    host, _, port = bind.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise click.BadParameter("is not HOST:PORT", param_hint="--bind")
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # has no annotations
    registry.register(DatabaseCollector())
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise click.ClickException(f"can't listen on {bind}: {error}") from None
    click.echo(f"Metrics: http://{host}:{server.server_port}/metrics", err=True)
    thread.join()


class DatabaseCollector(Collector):
    """Reads tenants by state, and what waits in the webhook inbox, at each scrape."""

    def __init__(self) -> None:
        self._app = get_app()

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges; only ``connect_database_up`` if the database is down."""
        up = GaugeMetricFamily("connect_database_up", "Whether the database answers")
        try:
            with self._app.app_context(), db.engine.connect() as connection:
                families = [_tenants(connection), *_inbox(connection)]
        except SQLAlchemyError as error:
            _logger.warning("no metrics: %s", type(error).__name__)
            families = []
        up.add_metric([], float(bool(families)))
        return [up, *families]


def _tenants(connection: Connection) -> Metric:
    installed = tenant.c.uninstalled_at.is_(None)
    query = select(tenant.c.enabled, installed, func.count()).group_by(
        tenant.c.enabled, installed
    )
    counts = dict.fromkeys(("enabled", "disabled", "uninstalled"), 0)
    for enabled, is_installed, count in connection.execute(query):
        state = "enabled" if enabled else "disabled"
        counts[state if is_installed else "uninstalled"] += count
    family = GaugeMetricFamily("connect_tenants", "Tenants by state", labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family


def _inbox(connection: Connection) -> Iterator[Metric]:
    # The column has an index, and only open deliveries have a value.
    is_open = delivery.c.enqueue_at.is_not(None)
    query = select(func.count(), func.min(delivery.c.received_at)).where(is_open)
    count, oldest = connection.execute(query).one()
    yield GaugeMetricFamily(
        "connect_webhooks_open", "Webhooks that are still to be run", count
    )
    age = (utc_now() - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "connect_webhooks_oldest_seconds", "Age of the oldest one of them", age
    )
