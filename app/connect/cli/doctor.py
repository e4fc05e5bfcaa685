"""``flask connect doctor``: check the settings and everything the app depends on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import click
import requests
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from ...extensions import db, migrate
from ..descriptor.check import find_broken_promises, find_route_problems
from ..errors import ConnectError
from ..inbound.key_servers import TIMEOUTS
from ..tasks.queue import get_queue
from ..tenants.current import get_app
from ..tenants.state import get_state


@click.command()
@with_appcontext
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


class Check(NamedTuple):
    """One check: its name, whether it passed, and what it found."""

    name: str
    passed: bool
    finding: str


def run_checks() -> Iterator[Check]:
    """Yield the result of each check, the slow ones last.

    Malformed settings, and errors in the descriptor itself, stop the app's start.
    """
    yield _check("settings", _settings)
    yield _check("database", _database)
    yield _check("secrets", _secrets)
    yield _check("descriptor", _descriptor)
    yield _check("broker", _broker)
    for server in current_app.config["CONNECT_KEY_SERVERS"]:
        yield _check(f"key server {server}", partial(_key_server, server))


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except SQLAlchemyError as error:
        return Check(name, False, f"{type(error).__name__}: see DATABASE_URL")
    except (ConnectError, _Failed) as error:
        return Check(name, False, str(error))


class _Failed(Exception):
    """A check found something to fix."""


def _settings() -> str:
    if doubts := current_app.config["SETTINGS_DOUBTS"]:
        raise _Failed("; ".join(doubts))
    state = get_state()
    return f"app {state.app_key} at {state.base_url}"


def _database() -> str:
    script = ScriptDirectory(str(migrate.directory))
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    head = script.get_current_head()
    if current != head:
        raise _Failed(f"at revision {current}, not {head}: run flask db upgrade")
    return f"{db.engine.dialect.name} at revision {current}"


def _secrets() -> str:
    tenants = get_state().tenants
    # A tenant that was purged in the meantime has no secret to read.
    readable = sum(
        tenants.load_credentials(tenant.client_key) is not None
        for tenant in tenants.iterate()
    )
    return f"the secrets of {readable} tenants can be decrypted"


def _descriptor() -> str:
    app = get_app()
    problems = [*find_route_problems(app), *find_broken_promises(app)]
    if problems:
        raise _Failed("; ".join(problems))
    return "well-formed, and each module is served under its policy"


def _broker() -> str:
    get_queue().check()
    scheme = current_app.config["CELERY_BROKER_URL"].partition(":")[0]
    return f"{scheme} accepts tasks"


def _key_server(server: str) -> str:
    try:
        status = requests.head(
            server, timeout=TIMEOUTS, allow_redirects=False
        ).status_code
    except requests.RequestException as error:
        raise _Failed(f"{type(error).__name__}: installs are answered 503") from None
    if status >= 500:
        raise _Failed(f"answers {status}: installs are answered 503")
    return f"answers ({status})"
