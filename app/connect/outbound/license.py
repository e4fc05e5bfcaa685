"""The license resource: the app's license at a tenant.

https://developer.atlassian.com/platform/marketplace/license-api-for-cloud-apps/
"""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load

from ..errors import AppNotFoundError, HostResponseError
from .client import HostClient
from .host_response import is_unknown_app, read_json_of_200


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody the tenant named as a contact. Personal data: do not store it."""

    name: str | None = field(repr=False)
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class License:
    """A tenant's installation of the app, with its license if the app is paid.

    ``active`` is None for a free app, which has no license. For an app whose descriptor
    enables licensing it is False if the license has ended or is missing. ``type`` is,
    for example, COMMERCIAL or DEVELOPER.
    """

    key: str
    version: str | None = None
    state: str | None = None
    host_product: str | None = None
    host_contacts: tuple[Contact, ...] = ()
    active: bool | None = None
    type: str | None = None
    evaluation: bool | None = None
    support_entitlement_number: str | None = None
    entitlement_id: str | None = None
    entitlement_number: str | None = None
    links: dict[str, Any] = field(default_factory=dict)


class LicenseResource:
    """Asks one tenant's host for the app's license."""

    def __init__(self, client: HostClient, app_key: str, *, paid: bool) -> None:
        self._client = client
        self._paid = paid
        self._path = f"/rest/atlassian-connect/1/addons/{quote(app_key)}"

    def get(self) -> License:
        """Return the app's license. Works for Confluence and Jira.

        :raises ScopeError: if the descriptor lacks READ; nothing is sent.
        :raises AppNotFoundError: if the host does not know the app's key.
        :raises HostError: if the host does not answer, or refuses.
        """
        try:
            response = self._client.request("GET", self._path)
        except HostResponseError as error:
            if is_unknown_app(error):
                raise AppNotFoundError.of(error) from None
            raise
        try:
            found: License = _LicenseSchema().load(read_json_of_200(response))
        except ValidationError:
            raise HostResponseError(
                response.status_code,
                "the answer is not a license",
                method="GET",
                path=self._path,
            ) from None
        return without_a_gap(found) if self._paid else found


def without_a_gap(license_: License) -> License:
    """Return the license of a paid app; what the host did not say is not active."""
    return replace(license_, active=license_.active is True)


def _pick(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


class _Tolerant(Schema):
    class Meta:
        unknown = EXCLUDE


class _ContactSchema(_Tolerant):
    name = fields.String(load_default=None, allow_none=True)
    email = fields.String(load_default=None, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Contact:
        return Contact(**data)


class _Flag(fields.Boolean):
    """A JSON boolean, and nothing that could stand for one."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("Not a boolean.")
        return value


class _LicenseSchema(_Tolerant):
    key = fields.String(required=True)
    version = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    host_product = fields.String(allow_none=True)
    host_contacts = fields.List(fields.Nested(_ContactSchema))
    active = _Flag(allow_none=True)
    type = fields.String(allow_none=True)
    evaluation = fields.Boolean(allow_none=True)
    support_entitlement_number = fields.String(
        data_key="supportEntitlementNumber", allow_none=True
    )
    entitlement_id = fields.String(data_key="entitlementId", allow_none=True)
    entitlement_number = fields.String(data_key="entitlementNumber", allow_none=True)
    links = fields.Dict(keys=fields.String())

    @pre_load
    def _flatten(self, data: Any, **_: Any) -> Any:
        """Merge the fields of ``host`` and ``license`` into the top level."""
        if not isinstance(data, dict):
            return data
        host, license_ = data.get("host") or {}, data.get("license", {})
        if license_ is None:
            license_ = {}
        if not isinstance(host, dict) or not isinstance(license_, dict):
            raise ValidationError("host or license is not an object")
        return {
            **_pick(data, "key", "version", "state", "links"),
            **_pick(license_, "active", "type", "evaluation"),
            **_pick(license_, "entitlementId", "entitlementNumber"),
            **_pick(license_, "supportEntitlementNumber"),
            "host_product": host.get("product"),
            "host_contacts": host.get("contacts") or [],
        }

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> License:
        data["host_contacts"] = tuple(data["host_contacts"])
        return License(**data)
