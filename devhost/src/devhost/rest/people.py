"""JSON of people and apps in version 1."""

from typing import Any

from devhost.rest.viewer import app_account_id
from devhost.site.current import current_site
from devhost.site.installations import Installations
from devhost.site.users import User, find_user


def person(account_id: str | None) -> dict[str, Any]:
    """Return the person or the app with this account id."""
    if account_id is None:
        return {"type": "anonymous", "displayName": "Anonymous"}
    user = find_user(account_id)
    if user is not None:
        return of_user(user)
    for app in current_site().get(Installations).all():
        if app_account_id(app) == account_id:
            return _known(account_id, "app", app.name)
    return {"type": "unknown", "accountId": account_id, "displayName": "Former user"}


def of_user(user: User) -> dict[str, Any]:
    """Return a person."""
    if user.account_id is None:
        return person(None)
    return _known(user.account_id, "atlassian", user.display_name)


def _known(account_id: str, account_type: str, name: str) -> dict[str, Any]:
    link = f"{current_site().base_url}/rest/api/user?accountId={account_id}"
    return {
        "type": "known",
        "accountId": account_id,
        "accountType": account_type,
        "email": "",
        "publicName": name,
        "displayName": name,
        "_links": {"self": link},
    }
