"""The Flask extensions, made here and bound to the app in create_app."""

import sqlite3
from typing import Any

from celery import Celery, Task
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

SQLITE_BUSY_SECONDS = 10
"""How long a writer waits for another process's transaction to end."""

_PYTHONS_BUSY_MILLISECONDS = 5000


class Base(DeclarativeBase):
    """The base of every model; names constraints so that migrations can."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class FlaskCelery:
    """Makes the Celery app whose tasks run in an app context of the Flask app.

    https://flask.palletsprojects.com/en/stable/patterns/celery/
    """

    def init_app(self, app: Flask) -> None:
        """Put a Celery app into ``app.extensions["celery"]``.

        Reads ``CELERY_BROKER_URL`` and, for any other setting of Celery, the
        mapping ``CELERY`` of ``app.config``.
        """

        class FlaskTask(Task[..., Any]):
            def __call__(self, *args: Any, **kwargs: Any) -> Any:
                with app.app_context():
                    return self.run(*args, **kwargs)

        made = Celery(app.name, task_cls=FlaskTask)
        made.conf.update(
            {
                "broker_url": app.config["CELERY_BROKER_URL"],
                "broker_connection_retry_on_startup": True,
                # A worker that is killed leaves its task to another one.
                "task_acks_late": True,
                "task_reject_on_worker_lost": True,
                "worker_prefetch_multiplier": 1,
                # What a task leaves behind is in the database.
                "task_ignore_result": True,
                "worker_cancel_long_running_tasks_on_connection_loss": False,
                "beat_schedule_filename": f"{app.instance_path}/celerybeat-schedule",
                **app.config.get("CELERY", {}),
            }
        )
        # For a task of @shared_task that is sent outside of any task.
        made.set_default()
        app.extensions["celery"] = made


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
celery = FlaskCelery()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Let readers and one writer work at once, and writers wait for each other."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode=WAL")
        [waits] = connection.execute("PRAGMA busy_timeout").fetchone()
        # Unless the one who connects has chosen, as the queue does.
        if waits == _PYTHONS_BUSY_MILLISECONDS:
            connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")
