"""The log of every process: gunicorn, ``flask``, and Celery's worker and beat.

``wsgi.py`` calls :func:`configure` first, so that the loggers of the app's own code are
heard without more ado. One line looks the same in all of them, see ``lines``. To log in
your own way, give the root logger a handler before that, or replace the call.
"""

import logging
from logging.handlers import WatchedFileHandler
from typing import Any

from celery.signals import setup_logging

from .. import config
from .lines import prepare


def configure() -> None:
    """Log to standard error, as LOG_LEVEL and LOG_FORMAT say.

    Nothing changes if the root logger has a handler already.

    :raises ConfigurationError: if one of the two settings is malformed.
    """
    level, form = config.load_one("LOG_LEVEL"), config.load_one("LOG_FORMAT")
    root = logging.getLogger()
    if root.handlers:
        return
    root.addHandler(prepare(logging.StreamHandler(), form))
    root.setLevel(level)
    # It tells of every look at the database, not only of migrations.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Its details are whole messages, with the arguments of tasks.
    logging.getLogger("celery.pool").setLevel(logging.INFO)
    # With a receiver of this signal, Celery leaves the root logger alone.
    setup_logging.connect(_follow_celerys_options)


def _follow_celerys_options(
    loglevel: int | str | None = None, logfile: str | None = None, **_: Any
) -> None:
    """Apply --loglevel to Celery's own loggers, and --logfile to all."""
    if loglevel:
        logging.getLogger("celery").setLevel(loglevel)
    if logfile:
        root = logging.getLogger()
        for handler in [*root.handlers]:
            root.removeHandler(handler)
        file = WatchedFileHandler(logfile, encoding="utf-8")
        root.addHandler(prepare(file, config.load_one("LOG_FORMAT")))
