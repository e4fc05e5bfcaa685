"""The ``expand`` parameter: the parts of a resource to show, not only to name."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request

Parts = Mapping[str, Callable[["Expansion"], Any]]


class Expansion:
    """The names that ``expand`` has below one point of a resource."""

    def __init__(self, names: list[str]) -> None:
        self._names = [name for name in names if name]

    @classmethod
    def of_request(cls, default: str = "") -> "Expansion":
        """Return what this request expands, by default *default*."""
        given = request.args.getlist("expand")
        names = ",".join(given) if given else default
        return cls([name.strip() for name in names.split(",")])

    def __contains__(self, name: str) -> bool:
        return any(each.partition(".")[0] == name for each in self._names)

    def below(self, name: str) -> "Expansion":
        """Return what is expanded below *name*."""
        pairs = [each.partition(".") for each in self._names]
        return Expansion([rest for head, _, rest in pairs if head == name])

    @property
    def names(self) -> list[str]:
        """The names at this point, each once."""
        return list(dict.fromkeys(each.partition(".")[0] for each in self._names))

    def fill(self, parts: Parts) -> dict[str, Any]:
        """Return the parts that are expanded, and the others in ``_expandable``."""
        shown = {
            name: show(self.below(name)) for name, show in parts.items() if name in self
        }
        hidden = {name: "" for name in parts if name not in self}
        return {**shown, "_expandable": hidden}
