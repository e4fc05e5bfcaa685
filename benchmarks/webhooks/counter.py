"""A counter that processes share: the size of a file."""

import os
from pathlib import Path

_file: int | None = None


def count() -> None:
    """Count one."""
    global _file  # noqa: PLW0603 - opened once in each process
    if _file is None:
        path = os.environ["BENCHMARK_LOG"]
        _file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(_file, b".")


def counted(path: Path) -> int:
    """Return how many were counted."""
    return path.stat().st_size if path.exists() else 0
