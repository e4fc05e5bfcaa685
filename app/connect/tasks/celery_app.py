"""The Celery app, whose tasks run in the Flask app's context.

https://flask.palletsprojects.com/en/stable/patterns/celery/
"""

import logging
from typing import Any

from celery import Celery, Task
from flask import Flask

from ..errors import without_text
from ..metrics import TASK_SECONDS, timed


class _WithoutTexts(logging.Filter):
    """Removes the texts of errors, and tasks' arguments, from Celery's own log."""

    debug = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not self.debug and isinstance(record.args, dict) and "exc" in record.args:
            # "Retry in 3s: ValueError('...')" or "ValueError('...')".
            kind = str(record.args["exc"]).partition("(")[0]
            hidden = dict.fromkeys(("args", "kwargs", "traceback"), "")
            record.args = record.args | hidden | {"exc": kind}
            record.__dict__.pop("data", None)
            if record.exc_info and record.exc_info[1]:
                error = without_text(record.exc_info[1])
                record.exc_info = (type(error), error, error.__traceback__)
        return True


_logs = _WithoutTexts()


def make_celery(app: Flask) -> Celery:
    """Return a Celery app for *app*, and make it this process's default.

    Reads ``CELERY_BROKER_URL`` and, for any other Celery setting, the mapping
    ``CELERY`` in ``app.config``.
    """

    class FlaskTask(Task[..., Any]):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context(), timed(TASK_SECONDS, str(self.name), good="done"):
                return self.run(*args, **kwargs)

    _logs.debug = app.debug
    logging.getLogger("celery.app.trace").addFilter(_logs)
    made: Celery = Celery(app.name, task_cls=FlaskTask)
    made.conf.update(
        {
            "broker_url": app.config["CELERY_BROKER_URL"],
            "broker_connection_retry_on_startup": True,
            # If a worker is killed, another one gets its task.
            "task_acks_late": True,
            "task_reject_on_worker_lost": True,
            "worker_prefetch_multiplier": 1,
            # Tasks write to the database; their return values are not needed.
            "task_ignore_result": True,
            "worker_cancel_long_running_tasks_on_connection_loss": False,
            "beat_schedule_filename": f"{app.instance_path}/celerybeat-schedule",
            "broker_transport_options": _transport_options(app),
            **app.config.get("CELERY", {}),
        }
    )
    # For a @shared_task that is sent from outside of any task.
    made.set_default()
    return made


def _transport_options(app: Flask) -> dict[str, Any]:
    if not app.config["CELERY_BROKER_URL"].startswith("sqla+sqlite:"):
        return {}
    # While the file can't be written to, kombu loses a connection of its pool with each
    # try. A worker would end when all 15 are gone.
    return {"max_overflow": -1}
