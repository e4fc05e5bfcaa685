"""A JSON provider that unwraps the ``current_...`` proxies."""

from typing import Any

from flask.json.provider import DefaultJSONProvider
from werkzeug.local import LocalProxy


class ProxyJSONProvider(DefaultJSONProvider):
    """Flask's provider, but ``jsonify(accountId=current_account_id)`` works."""

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

        The encoder's ``default`` hook is not enough: when it indents, as in debug
        mode, it mistakes a proxy of a string for a string, and fails.
        """
        try:
            return super().dumps(obj, **kwargs)
        except TypeError:
            return super().dumps(_without_proxies(obj), **kwargs)


def _without_proxies(value: Any) -> Any:
    if type(value) is str:
        return value
    while type(value) is LocalProxy:
        value = value._get_current_object()
    if type(value) is dict:
        return {name: _without_proxies(entry) for name, entry in value.items()}
    if type(value) in (list, tuple):
        return [_without_proxies(entry) for entry in value]
    return value
