"""A JSON provider that unwraps the ``current_...`` proxies."""

from typing import Any

from flask.json.provider import DefaultJSONProvider
from werkzeug.local import LocalProxy


def _default(value: Any) -> Any:
    """Return what to write for a value that is not JSON, such as a proxy."""
    if type(value) is LocalProxy:
        return value._get_current_object()
    return DefaultJSONProvider.default(value)


class ProxyJSONProvider(DefaultJSONProvider):
    """Flask's provider, but ``jsonify(accountId=current_account_id)`` works."""

    default = staticmethod(_default)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse JSON.

        :raises ValueError: if it is not JSON, or nested too deeply; ``get_json`` then
            answers 400.
        """
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize *obj*, replacing proxies with their values.

        The encoder mistakes a proxy of a string for a string if it is the whole
        document, or if it indents, as in debug mode; so those are replaced before.
        """
        if type(obj) is LocalProxy or kwargs.get("indent") is not None:
            obj = _without_proxies(obj)
        return super().dumps(obj, **kwargs)


def _without_proxies(value: Any) -> Any:
    while type(value) is LocalProxy:
        value = value._get_current_object()
    if type(value) is dict:
        return {name: _without_proxies(entry) for name, entry in value.items()}
    if type(value) in (list, tuple):
        return [_without_proxies(entry) for entry in value]
    return value
