"""gunicorn settings; BIND sets its address, WEB_CONCURRENCY the number of workers."""

import gc
import os
import sys

from app.config import load_one
from app.connect.errors import ConfigurationError
from app.logs.gunicorn_logger import GunicornLogger

try:
    bind = load_one("BIND")
    load_one("LOG_FORMAT")
except ConfigurationError as error:
    sys.exit(f"The app can't start. {error}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
# Loaded once, so that a wrong setting fails with one line instead of in a loop.
preload_app = True
# An iframe URL carries a token of up to 8 KB; 4094 bytes is the default.
limit_request_line = 8190
limit_request_field_size = 16380
graceful_timeout = 20
# No client sets SCRIPT_NAME, even through a proxy on this machine.
forwarder_headers = ""
# No control socket in the home folder.
control_socket_disable = True
# Paths without their queries, which contain tokens. --access-logfile - switches it on.
logger_class = GunicornLogger


def when_ready(server):
    """Exclude everything loaded before the fork from garbage collection."""
    gc.freeze()
