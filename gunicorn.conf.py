"""gunicorn settings; WEB_CONCURRENCY sets the number of workers, PORT the port."""

import gc
import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
# Loaded once, so that a wrong setting fails with one line instead of in a loop.
preload_app = True
# An iframe URL carries a token of up to 8 KB; 4094 bytes is the default.
limit_request_line = 8190
limit_request_field_size = 16380
graceful_timeout = 20
# No control socket in the home folder.
control_socket_disable = True
# The path without its query, which contains tokens.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


def when_ready(server):
    """Exclude everything loaded before the fork from garbage collection."""
    gc.freeze()
