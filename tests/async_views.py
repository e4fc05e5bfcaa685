"""Async views without Flask's extra, which needs another package."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


def run_in_thread(view: Callable[..., Any]) -> Callable[..., Any]:
    """Replace ``Flask.async_to_sync``: run *view* in another thread's event loop."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            coroutine = view(*args, **kwargs)
            return thread.submit(copy_context().run, asyncio.run, coroutine).result()

    return run
