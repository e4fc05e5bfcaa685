"""Delivery queues: one for each app, in the order in which things happened.

A queue has a thread only while there is something in it, so that an idle host has none,
and an app that hangs delays no other app.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# The limit of one queue; a delivery to a full queue is not sent.
MOST_WAITING = 1000

logger = logging.getLogger("devhost")


@dataclass
class Job:
    """A delivery in a queue. It is sent at ``due`` (monotonic seconds), or later.

    A job with ``is_held`` lets the next one overtake it, or is sent when it is due.
    """

    app_key: str
    delivery_id: int
    due: float = 0.0
    is_held: bool = False


class Lines:
    """The queues of every app."""

    def __init__(self, send: Callable[[int], None]) -> None:
        """Store the function that sends a delivery by its id."""
        self._send = send
        self._changed = threading.Condition()
        self._waiting: dict[str, list[Job]] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._is_stopped = False

    def put(self, job: Job) -> bool:
        """Add a job at the end of its app's queue; False if the queue is full."""
        with self._changed:
            line = self._waiting.setdefault(job.app_key, [])
            if self._is_stopped or len(line) >= MOST_WAITING:
                return False
            line.insert(_place(line, job), job)
            if job.app_key not in self._threads:
                self._start(job.app_key)
            self._changed.notify_all()
        return True

    def _start(self, app_key: str) -> None:
        thread = threading.Thread(
            target=self._work, args=(app_key,), name=f"webhooks {app_key}", daemon=True
        )
        self._threads[app_key] = thread
        thread.start()

    def _work(self, app_key: str) -> None:
        while (job := self._next(app_key)) is not None:
            try:
                self._send(job.delivery_id)
            except Exception:
                if not self._is_stopped:
                    logger.exception("a webhook of %s was not sent", app_key)

    def _next(self, app_key: str) -> Job | None:
        with self._changed:
            while line := self._waiting.get(app_key):
                now = time.monotonic()
                for job in line:
                    if job.due <= now:
                        line.remove(job)
                        return job
                self._changed.wait(min(job.due for job in line) - now)
            # A job added from now on starts another thread.
            self._waiting.pop(app_key, None)
            self._threads.pop(app_key, None)
            self._changed.notify_all()
            return None

    def wait_idle(self, seconds: float) -> bool:
        """Wait until everything is sent; return False if it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._threads, seconds)

    def clear(self) -> None:
        """Discard everything that is still waiting."""
        with self._changed:
            for line in self._waiting.values():
                line.clear()
            self._changed.notify_all()

    def stop(self, seconds: float) -> None:
        """Accept no more jobs, and wait for the threads for at most so long."""
        with self._changed:
            self._is_stopped = True
            threads = list(self._threads.values())
        self.clear()
        give_up_at = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))


def _place(line: list[Job], job: Job) -> int:
    """Return the index for *job*: the end, or before a job that lets it overtake."""
    for number, other in enumerate(line):
        if other.is_held:
            other.is_held, other.due = False, 0.0
            if job.is_held:
                job.is_held, job.due = False, 0.0
            return number
    return len(line)
