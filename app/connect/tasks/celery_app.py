"""The Celery app whose tasks run in an app context of the Flask app.

https://flask.palletsprojects.com/en/stable/patterns/celery/
"""

from typing import Any

from celery import Celery, Task
from flask import Flask


def make_celery(app: Flask) -> Celery:
    """Return a Celery app for *app*, and make it the default of this process.

    Reads ``CELERY_BROKER_URL`` and, for any other setting of Celery, the mapping
    ``CELERY`` of ``app.config``.
    """

    class FlaskTask(Task[..., Any]):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return self.run(*args, **kwargs)

    made: Celery = Celery(app.name, task_cls=FlaskTask)
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
    return made
