"""The wake-up: tells the workers that the inbox has work, whatever the number."""

import logging
import threading
import time
from typing import Final

from ..errors import QueueUnavailableError
from ..tasks.queue import TaskQueue, get_queue

RUN: Final = "connect.run_webhook"
"""The task that runs what is due."""

PAUSE: Final = 0.05
"""How long after one message the next one is sent, in seconds."""

_logger = logging.getLogger(__name__)


class WakeUp:
    """Sends the workers one message for all webhooks that arrive within a moment.

    A thread sends it, so no request waits for the broker. The thread ends as soon as
    there is nothing more to send, and a process that stops waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._latest: int | None = None

    def send(self, delivery_id: int) -> None:
        """Tell the workers soon; *delivery_id* is for workers of an older release."""
        with self._lock:
            self._latest = delivery_id
            if self._thread is not None:
                return
            thread = threading.Thread(
                target=self._work, args=(get_queue(),), name="wake-up"
            )
            try:
                thread.start()
            except RuntimeError as error:
                # The process has too many threads, or stops.
                _logger.warning("webhooks wait for the next sweep: %s", error)
            else:
                self._thread = thread

    def wait(self) -> None:
        """Wait until the message is sent, for tests."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self, queue: TaskQueue) -> None:
        while (delivery_id := self._take()) is not None:
            try:
                queue.send(RUN, delivery_id)
            except QueueUnavailableError as error:
                # They are in the inbox, and the next sweep runs them.
                _logger.warning("webhooks wait for the next sweep: %s", error)
            time.sleep(PAUSE)

    def _take(self) -> int | None:
        with self._lock:
            latest, self._latest = self._latest, None
            if latest is None:
                self._thread = None
            return latest
