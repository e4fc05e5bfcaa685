"""gunicorn's logger with the app's log lines; ``gunicorn.conf.py`` names it."""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from gunicorn.glogging import Logger

from .. import config
from ..connect.http.request_id import find_request_id
from ..connect.tenants.current import VERIFIED_KEY
from .lines import prepare


class GunicornLogger(Logger):  # type: ignore[misc]  # gunicorn has no types.
    """Writes gunicorn's two logs as all others are written.

    A log that gunicorn was told to configure in another way (``logconfig``, syslog) is
    left alone.
    """

    def setup(self, cfg: Any) -> None:
        """Set up the handlers, at the start and when gunicorn reloads its settings."""
        super().setup(cfg)
        if cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json:
            return
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if isinstance(handler, logging.StreamHandler):
                prepare(handler, config.load_one("LOG_FORMAT"))

    def access(
        self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta
    ) -> None:
        """Log a request: its path as it was sent, without the query or an address."""
        if not self.access_log.handlers:
            return
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        verified = environ.get(VERIFIED_KEY)
        fields = {
            "method": environ["REQUEST_METHOD"],
            "path": quote(path, encoding="latin-1", errors="replace"),
            "status": str(resp.status).partition(" ")[0],
            "bytes": getattr(resp, "sent", None) or 0,
            "ms": round(request_time.total_seconds() * 1000, 1),
        }
        about = {
            "request_id": find_request_id(environ) or "-",
            "client_key": verified.tenant.client_key if verified else "-",
        }
        self.access_log.info(
            "%(method)s %(path)s %(status)s %(bytes)s %(ms)sms",
            fields,
            extra=fields | about,
        )
