"""A cache of compiled Jinja templates, shared by all apps of the tests."""

from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class SharedBytecode(BytecodeCache):
    """Keeps compiled templates in memory, each by its source and its extensions."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[Any, ...], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket* from the cache, if possible."""
        if code := self._compiled.get(_name(bucket)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the contents of *bucket*."""
        self._compiled[_name(bucket)] = bucket.bytecode_to_string()


def _name(bucket: Bucket) -> tuple[Any, ...]:
    return (bucket.key, bucket.checksum, *sorted(bucket.environment.extensions))
