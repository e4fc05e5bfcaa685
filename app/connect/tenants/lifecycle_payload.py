"""Lifecycle payloads: parsing and validation of untrusted bodies.

Unknown fields are accepted, since Atlassian adds new ones now and then. An optional
field that is malformed is ignored: it keeps no site from installing the app.
https://developer.atlassian.com/cloud/confluence/connect-app-descriptor/#lifecycle
"""

import json
from dataclasses import dataclass, field
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load

from ..errors import MalformedBodyError
from ..protocol.base_url import parse_display_url

MAX_SECRET_BYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleEvent:
    """The fields that all four events have; ``base_url`` is not trusted yet."""

    client_key: str
    key: str
    event_type: str
    base_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation(LifecycleEvent):
    """The payload of ``installed``."""

    shared_secret: str = field(repr=False)
    base_url: str
    display_url: str | None = None
    product_type: str = "confluence"
    oauth_client_id: str | None = None
    installation_id: str | None = None
    cloud_id: str | None = None
    entitlement_id: str | None = None
    entitlement_number: str | None = None
    service_entitlement_number: str | None = None
    ignored: tuple[str, ...] = ()
    """The optional fields of the body that were malformed, such as ``cloudId``."""


def read_lifecycle_event(body: bytes) -> LifecycleEvent:
    """Read the body of ``uninstalled``, ``enabled`` or ``disabled``.

    :raises MalformedBodyError: naming the fields that are wrong.
    """
    event: LifecycleEvent = _load(_lifecycle, body)
    return event


def read_installation(body: bytes) -> Installation:
    """Read the body of ``installed``.

    :raises MalformedBodyError: naming the required fields that are wrong.
    """
    installation: Installation = _load(_installation, body)
    return installation


def _load(schema: Schema, body: bytes) -> Any:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedBodyError("the body is not JSON") from None
    try:
        return schema.load(payload)
    except ValidationError as error:
        # The messages are ours and marshmallow's own, without the values.
        wrong = ", ".join(sorted(map(str, error.messages_dict)))
        raise MalformedBodyError(f"missing or malformed: {wrong}") from None


class _Name(fields.String):
    """A string that fits the database: printable, 1 to 255 characters."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        # An empty one counts as missing.
        if len(text) > 255 or not text.isprintable():
            raise ValidationError("Not 1 to 255 printable characters.")
        return text


class _OptionalName(_Name):
    """A name, or None if it is malformed."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, *args, **kwargs)
        except ValidationError:
            return None


class _LowerCaseName(_OptionalName):
    """A name converted to lower case, which can make it longer."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = value.lower() if isinstance(value, str) else value
        return super()._deserialize(text, *args, **kwargs)


class _Secret(fields.String):
    """An opaque secret of 1 to 400 bytes."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise ValidationError("Not text.") from None
        if size > MAX_SECRET_BYTES:
            raise ValidationError("Not 1 to 400 bytes.")
        return text


class _LifecycleSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    client_key = _Name(required=True, data_key="clientKey")
    key = _Name(required=True)
    event_type = _Name(required=True, data_key="eventType")
    base_url = _Name(data_key="baseUrl")

    @pre_load
    def _drop_empty(self, data: Any, **_: Any) -> Any:
        """Drop optional fields that are null or empty."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value not in (None, "")}

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> LifecycleEvent:
        return LifecycleEvent(**data)


class _InstallationSchema(_LifecycleSchema):
    shared_secret = _Secret(required=True, data_key="sharedSecret")
    base_url = _Name(required=True, data_key="baseUrl")
    display_url = _OptionalName(data_key="displayUrl")
    product_type = _LowerCaseName(data_key="productType")
    oauth_client_id = _OptionalName(data_key="oauthClientId")
    installation_id = _OptionalName(data_key="installationId")
    cloud_id = _OptionalName(data_key="cloudId")
    entitlement_id = _OptionalName(data_key="entitlementId")
    entitlement_number = _OptionalName(data_key="entitlementNumber")
    service_entitlement_number = _OptionalName(data_key="serviceEntitlementNumber")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Installation:
        if text := data.get("display_url"):
            data["display_url"] = _display_url(text, data["base_url"])
        found = {name: value for name, value in data.items() if value is not None}
        ignored = (str(self.fields[name].data_key) for name in data.keys() - found)
        return Installation(**found, ignored=tuple(sorted(ignored)))


def _display_url(text: str, base_url: str) -> str | None:
    try:
        return str(parse_display_url(text, base_url))
    except ValueError:
        return None


# Made once, since that takes longer than to load a body.
_lifecycle = _LifecycleSchema()
_installation = _InstallationSchema()
