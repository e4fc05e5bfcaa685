"""Runs the migrations on the database of the current Flask app."""

from alembic import context
from flask import current_app

options = current_app.extensions["migrate"].configure_args
db = current_app.extensions["migrate"].db


def _skip_empty(context, revision, directives):
    """Write no file for a revision that changes nothing."""
    if getattr(context.config.cmd_opts, "autogenerate", False):
        if directives[0].upgrade_ops.is_empty():
            directives[:] = []


if context.is_offline_mode():
    context.configure(
        url=db.engine.url.render_as_string(hide_password=False),
        target_metadata=db.metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    options.setdefault("process_revision_directives", _skip_empty)
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # While a change waits for a table, whoever only reads it has to wait, too.
            connection.exec_driver_sql("SET lock_timeout = '5s'")
            connection.commit()
        context.configure(connection=connection, target_metadata=db.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
