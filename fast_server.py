"""Serve the app with granian instead of gunicorn: ``python fast_server.py``.

Address, workers, threads and the time to stop in are those of gunicorn.conf.py. See
docs/performance.md for what it gains and what it lacks.
"""

import gc
import importlib
import runpy
import sys
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

# Of the head of a request, more or less: a head that arrives at once may be twice as
# long. gunicorn limits the request line to 8 KB and a field to 16 KB.
MAX_HEAD_BYTES = 32 * 1024
HEADER_SECONDS = 10


def main(target: str = "wsgi:app") -> None:
    """Serve the WSGI app *target* until SIGTERM or SIGINT."""
    folder = Path(__file__).resolve().parent
    sys.path.insert(0, str(folder))
    settings = runpy.run_path(str(folder / "gunicorn.conf.py"))
    address = settings["bind"]
    host, _, port = address.rpartition(":")
    socket = Path(address[5:]) if address.startswith("unix:") else None
    # Loaded once, before the workers are forked, as gunicorn preloads it.
    importlib.import_module(target.partition(":")[0])
    gc.freeze()
    Granian(
        target,
        address=host.strip("[]"),
        port=int(port) if socket is None else 0,
        uds=socket,
        interface=Interfaces.WSGI,
        workers=settings["workers"],
        blocking_threads=settings["threads"],
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=MAX_HEAD_BYTES
        ),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=settings["graceful_timeout"],
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:2])
