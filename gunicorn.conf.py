"""How gunicorn serves the app; WEB_CONCURRENCY and PORT change the usual two."""

import gc
import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
# Loaded once: a wrong setting stops the start with one line instead of a loop.
preload_app = True
# An iframe URL carries a token of up to 8 KB; 4094 bytes is the default.
limit_request_line = 8190
limit_request_field_size = 16380
graceful_timeout = 20
# Nobody steers the workers through a socket in the home folder.
control_socket_disable = True
# The path without its query, which holds tokens.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


def when_ready(server):
    """Spare the workers' garbage collector all that was loaded before the fork."""
    gc.freeze()
