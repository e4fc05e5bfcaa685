"""Async views without Flask's extra, which wants a package more."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


def run_in_thread(view: Callable[..., Any]) -> Callable[..., Any]:
    """Stand for ``Flask.async_to_sync``: run *view* in a loop of another thread."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            coroutine = view(*args, **kwargs)
            return thread.submit(copy_context().run, asyncio.run, coroutine).result()

    return run
