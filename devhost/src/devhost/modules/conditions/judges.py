"""The named conditions that this host can evaluate.

A condition about a page or a space does not hold where there is no page or space.
"""

from collections.abc import Callable

from devhost.install.license import Licenses
from devhost.modules.conditions.situation import Params, Situation, text
from devhost.modules.conditions.switches import ConditionSwitches
from devhost.wiki import Wiki
from devhost.wiki.access import Role

Judge = Callable[[Situation, Params], bool]

# https://developer.atlassian.com/cloud/confluence/conditions/ names VIEW to
# ADMINISTER; which of our three roles has which is ours.
ROLE_OF_PERMISSION = {
    "VIEW": Role.READ,
    "EXPORT": Role.READ,
    "EDIT": Role.WRITE,
    "REMOVE": Role.WRITE,
    "SET_PERMISSIONS": Role.ADMINISTER,
    "ADMINISTER": Role.ADMINISTER,
}
# Confluence's own names of space permissions that not every writer has.
ROLE_OF_SPACE_FUNCTION = {
    "VIEWSPACE": Role.READ,
    "SETSPACEPERMISSIONS": Role.ADMINISTER,
    "EXPORTSPACE": Role.ADMINISTER,
}


def _is_logged_in(situation: Situation, params: Params) -> bool:
    return situation.user.account_id is not None


def _is_administrator(situation: Situation, params: Params) -> bool:
    return situation.user.is_administrator


def _is_licensed(situation: Situation, params: Params) -> bool:
    return situation.site.get(Licenses).of(situation.app).is_active


def _feature_flag(situation: Situation, params: Params) -> bool:
    return situation.site.get(ConditionSwitches).is_on(text(params, "featureKey"))


def _has_content(situation: Situation, params: Params) -> bool:
    return situation.content is not None


def _has_space(situation: Situation, params: Params) -> bool:
    return situation.space is not None


def _never(situation: Situation, params: Params) -> bool:
    return False


def _views(content_type: str) -> Judge:
    def judge(situation: Situation, params: Params) -> bool:
        return situation.content is not None and situation.content.type == content_type

    return judge


def _has_attachment(situation: Situation, params: Params) -> bool:
    if situation.content is None:
        return False
    contents = situation.site.get(Wiki).contents
    files = contents.attached(situation.content, "attachment")
    return bool(contents.fetch(situation.viewer, files, limit=1))


def _is_not_personal(situation: Situation, params: Params) -> bool:
    return situation.space is not None and situation.space.type != "personal"


def _may_create(situation: Situation, params: Params) -> bool:
    if situation.space is not None:
        return situation.may(Role.WRITE)
    return any(role >= Role.WRITE for role in situation.viewer.roles.values())


def _may_administer_space(situation: Situation, params: Params) -> bool:
    return situation.may(Role.ADMINISTER)


def _space_function(situation: Situation, params: Params) -> bool:
    permission = text(params, "permission").upper()
    return situation.may(ROLE_OF_SPACE_FUNCTION.get(permission, Role.WRITE))


JUDGES: dict[str, Judge] = {
    "addon_is_licensed": _is_licensed,
    "can_edit_space_styles": _may_administer_space,
    "create_content": _may_create,
    "feature_flag": _feature_flag,
    "has_attachment": _has_attachment,
    "has_blog_post": _views("blogpost"),
    "has_page": _views("page"),
    "has_space": _has_space,
    # The pages here show only current versions, and no printable ones.
    "latest_version": _has_content,
    "not_personal_space": _is_not_personal,
    "printable_version": _never,
    "space_function_permission": _space_function,
    "space_sidebar": _has_space,
    "user_can_use_confluence": _is_logged_in,
    "user_is_admin": _is_administrator,
    "user_is_confluence_administrator": _is_administrator,
    "user_is_logged_in": _is_logged_in,
    # Assumed: the one administrator here is both kinds of administrator.
    "user_is_sysadmin": _is_administrator,
    "user_logged_in_editable": _is_logged_in,
    "viewing_content": _has_content,
}


def permission_target(name: str) -> str | None:
    """Return the target of ``has_..._permission``, None for another condition."""
    if name.startswith("has_") and name.endswith("_permission"):
        return name.removeprefix("has_").removesuffix("_permission")
    return None


def has_permission(situation: Situation, target: str, params: Params) -> bool:
    """Whether the person has a permission on the content or the space."""
    if target != "space" and situation.content is None:
        return False
    role = ROLE_OF_PERMISSION.get(text(params, "permission").upper())
    return role is not None and situation.may(role)
