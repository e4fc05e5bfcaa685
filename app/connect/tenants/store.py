"""The tenant store: the database, behind a short-lived cache per worker.

Every method uses its own connection and its own transaction, and never touches the
session that the app's code works with.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Row, delete, func, select

from ..db.columns import utc_now
from ..db.encryption import SecretCipher
from ..db.expiring_cache import ExpiringCache
from ..db.transactions import autocommit, in_transaction
from ..errors import ConfigurationError
from . import install_changes
from .credentials import Credentials
from .last_seen import is_due
from .lifecycle_payload import Installation
from .models import InstallKind, Tenant
from .rows import (
    audit,
    audit_purge,
    insert_row,
    record,
    select_row,
    select_tenant,
    to_tenant,
    update_row,
)
from .site_ids import take_site_ids

_BATCH = 100
_T = TypeVar("_T")

Dependent = Callable[[Connection, str], None]


class TenantStore:
    """Finds and stores tenants; one per app, made by ``init_app``.

    For *secret_grace* and *cache_seconds* see the settings CONNECT_SECRET_GRACE and
    CONNECT_TENANT_CACHE_SECONDS.
    """

    def __init__(
        self,
        db: SQLAlchemy,
        cipher: SecretCipher,
        *,
        secret_grace: int,
        cache_seconds: int,
    ) -> None:
        self._db = db
        self._cipher = cipher
        self._grace = timedelta(seconds=secret_grace)
        self._cache: ExpiringCache[str, Credentials] = ExpiringCache(cache_seconds)
        self._dependents: list[Dependent] = []

    def add_dependent(self, drop: Dependent) -> None:
        """Register *drop*, which deletes a departing tenant's rows in another table.

        It is called with the client key when the tenant uninstalls and when it is
        purged, in the same transaction, so that both happen or neither does.
        """
        self._dependents.append(drop)

    def find(self, client_key: str) -> Tenant | None:
        """Return the tenant from the database; None if it is unknown."""
        with autocommit(self._db.engine) as connection:
            return select_tenant(connection, client_key)

    def iterate(self, state: str | None = None) -> Iterator[Tenant]:
        """Yield all tenants, or those in one state, oldest first."""
        with self._db.engine.connect() as connection:
            for row in connection.execute(select(record).order_by(record.c.id)):
                tenant = to_tenant(row)
                if state in (None, tenant.state):
                    yield tenant

    def count(self) -> int:
        """Return the number of tenants, including uninstalled ones."""
        with self._db.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(record)) or 0

    def cached_credentials(self, client_key: str) -> Credentials | None:
        """Return this worker's cached credentials of a tenant; None if not cached."""
        return self._cache.get(client_key)

    def load_credentials(self, client_key: str) -> Credentials | None:
        """Load a tenant's credentials from the database, and cache them.

        :raises ConfigurationError: if no encryption key decrypts its secret.
        """
        version = self._cache.version
        with autocommit(self._db.engine) as connection:
            row = select_row(connection, client_key)
        if row is None:
            # Not for every unknown key: each call of forget spoils all puts meanwhile.
            if self._cache.get(client_key) is not None:
                self._cache.forget(client_key)
            return None
        credentials = Credentials(
            tenant=to_tenant(row),
            shared_secret=self._cipher.decrypt(row.shared_secret),
            secret_is_unused=row.secret_used_at is None,
            previous_secret=self._readable(row.previous_secret),
            previous_secret_until=row.previous_secret_until,
            seldom_seen=is_due(row.last_seen_at),
        )
        # Not if an event changed a tenant since the row was read.
        self._cache.put(client_key, credentials, version=version)
        return credentials

    def shared_secret_of(self, tenant: Tenant) -> str:
        """Return the secret for signing calls to a tenant.

        :raises LookupError: if the tenant has been purged.
        :raises ConfigurationError: if no encryption key decrypts its secret.
        """
        client_key = tenant.client_key
        credentials = self._cache.get(client_key) or self.load_credentials(client_key)
        if credentials is None:
            raise LookupError(f"the tenant {client_key} has been purged")
        return credentials.shared_secret

    def note_secret_used(self, credentials: Credentials) -> None:
        """Retire the previous secret: the host has signed with the new one."""

        def retire(connection: Connection) -> None:
            row = select_row(connection, credentials.tenant.client_key, lock=True)
            # A newer secret may have arrived since the credentials were read.
            if row and self._readable(row.shared_secret) == credentials.shared_secret:
                update_row(connection, row, install_changes.confirmed(utc_now()))

        self._write(retire, credentials.tenant.client_key)

    def install(
        self, installation: Installation, *, issued_at: float
    ) -> tuple[Tenant, InstallKind] | None:
        """Store an ``installed`` event; return the tenant and the kind of install.

        *issued_at* is the token's ``iat``. If a newer event was stored already,
        return None and change nothing.
        """
        upsert = partial(
            self._upsert, installation, self._cipher.encrypt(installation.shared_secret)
        )
        return self._write(partial(upsert, issued_at), installation.client_key)

    def uninstall(self, client_key: str, *, issued_at: float) -> Tenant | None:
        """Mark a tenant as uninstalled; None if unknown or the event is outdated."""

        def end(connection: Connection, row: Row[Any]) -> dict[str, Any]:
            _drop(self._dependents, connection, client_key)
            uninstalled_at = row.uninstalled_at or utc_now()
            return {"uninstalled_at": uninstalled_at, "token_issued_at": issued_at}

        return self._change(client_key, "uninstalled", issued_at, end)

    def set_enabled(
        self, client_key: str, *, enabled: bool, issued_at: float
    ) -> Tenant | None:
        """Mark a tenant as enabled or disabled; None if the event is outdated."""
        event = "enabled" if enabled else "disabled"
        return self._change(
            client_key, event, issued_at, lambda *_: {"enabled": enabled}
        )

    def note_dropped(self, client_key: str, *, task: str, state: str) -> None:
        """Record in the audit trail that a task was dropped for a tenant."""
        in_transaction(
            self._db.engine,
            lambda connection: audit(
                connection, client_key, "task dropped", task=task, state=state
            ),
        )

    def purge(self, *, retention_days: int, dry_run: bool = False) -> list[str]:
        """Delete tenants past their retention time; return their client keys.

        The audit trail stays, without its details: the client key is all that is left.
        """
        cutoff = utc_now() - timedelta(days=retention_days)
        due = record.c.uninstalled_at <= cutoff
        if dry_run:
            with self._db.engine.connect() as connection:
                return [*connection.scalars(select(record.c.client_key).where(due))]

        def remove(connection: Connection) -> list[str]:
            # The condition is in the statement, since a tenant may just have come back.
            gone = delete(record).where(due).returning(record.c.client_key)
            client_keys = [*connection.scalars(gone)]
            for client_key in client_keys:
                _drop(self._dependents, connection, client_key)
                audit_purge(connection, client_key)
            return client_keys

        return in_transaction(self._db.engine, remove)

    def reencrypt(self) -> Iterator[int]:
        """Re-encrypt every secret with the newest key; yield the size of each batch.

        Each batch is a transaction, so an interrupted run can be repeated.

        :raises ConfigurationError: if no encryption key decrypts a secret.
        """
        last = 0
        while batch := in_transaction(
            self._db.engine, partial(self._reencrypt_after, last)
        ):
            last = batch[-1]
            yield len(batch)

    def _upsert(
        self,
        installation: Installation,
        encrypted: str,
        issued_at: float,
        connection: Connection,
    ) -> tuple[Tenant, InstallKind] | None:
        client_key, now = installation.client_key, utc_now()
        values = install_changes.described(installation, issued_at, now)
        row = select_row(connection, client_key, lock=True)
        if row is not None and issued_at < row.token_issued_at:
            audit(connection, client_key, "installed", outcome="outdated")
            return None
        values |= take_site_ids(connection, installation, row)
        if row is None:
            kind = InstallKind.FIRST
            values |= install_changes.first(client_key, encrypted, now)
            tenant = insert_row(connection, values)
        else:
            current = self._readable(row.shared_secret)
            kind = install_changes.kind_of(row, installation, current)
            if current != installation.shared_secret:
                values |= install_changes.rotated(
                    row, encrypted, current, now, self._grace
                )
            if kind is InstallKind.RETURN:
                values |= install_changes.returned(now)
            tenant = update_row(connection, row, values)
        audit(connection, client_key, "installed", kind, base_url=installation.base_url)
        return tenant, kind

    def _change(
        self,
        client_key: str,
        event: str,
        issued_at: float,
        values: Callable[[Connection, Row[Any]], dict[str, Any]],
    ) -> Tenant | None:
        def change(connection: Connection) -> Tenant | None:
            row = select_row(connection, client_key, lock=True)
            if row is None:
                return None
            if issued_at < row.token_issued_at:
                audit(connection, client_key, event, outcome="outdated")
                return None
            audit(connection, client_key, event)
            changed = values(connection, row) | {"updated_at": utc_now()}
            return update_row(connection, row, changed)

        return self._write(change, client_key)

    def _reencrypt_after(self, last: int, connection: Connection) -> list[int]:
        query = select(record).where(record.c.id > last).order_by(record.c.id)
        rows = connection.execute(query.limit(_BATCH).with_for_update()).all()
        for row in rows:
            secrets: dict[str, str | None] = {
                "shared_secret": self._cipher.rotate(row.shared_secret)
            }
            # One that no key decrypts is lost anyway; it must not stop the rest.
            previous = self._readable(row.previous_secret)
            secrets["previous_secret"] = previous and self._cipher.encrypt(previous)
            update_row(connection, row, secrets)
        return [row.id for row in rows]

    def _write(self, change: Callable[[Connection], _T], client_key: str) -> _T:
        try:
            return in_transaction(self._db.engine, change)
        finally:
            self._cache.forget(client_key)

    def _readable(self, stored: str | None) -> str | None:
        try:
            return None if stored is None else self._cipher.decrypt(stored)
        except ConfigurationError:
            return None


def _drop(dependents: Iterable[Dependent], connection: Connection, key: str) -> None:
    for drop in dependents:
        drop(connection, key)
