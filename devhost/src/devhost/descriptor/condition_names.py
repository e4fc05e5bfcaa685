"""The conditions of Connect for Confluence, by name.

Sources: https://developer.atlassian.com/cloud/confluence/conditions/ and, where
the stored copies of that page end, the list that Connect has had since 2016.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConditionRule:
    """The parameters that a condition needs, and who evaluates it.

    ``assumed`` is the result assumed for a condition that this host cannot evaluate;
    None for a condition that it can.
    """

    required: tuple[str, ...] = ()
    assumed: bool | None = None
    # For a parameter that takes one of a few values.
    choices: tuple[str, ...] = ()


# The permissions of has_..._permission, in whatever case they are written.
PERMISSIONS = ("VIEW", "EDIT", "REMOVE", "EXPORT", "SET_PERMISSIONS", "ADMINISTER")
PERMISSION_TARGETS = (
    "page",
    "blog",
    "blog_post",
    "content",
    "comment",
    "attachment",
    "space",
)
# What an app keeps properties on, and the questions about them.
PROPERTY_OWNERS = ("addon", "content", "space")
PROPERTY_QUESTIONS: dict[str, tuple[str, ...]] = {
    "exists": (),
    "equal_to": ("value",),
    "equal_to_context": ("contextParameter",),
    "contains_any": ("value",),
    "contains_all": ("value",),
    "contains_context": ("contextParameter",),
    "contains_any_user_group": (),
}

JUDGED = {
    "addon_is_licensed": ConditionRule(),
    "can_edit_space_styles": ConditionRule(),
    "create_content": ConditionRule(),
    "feature_flag": ConditionRule(("featureKey",)),
    "has_attachment": ConditionRule(),
    "has_blog_post": ConditionRule(),
    "has_page": ConditionRule(),
    "has_space": ConditionRule(),
    "latest_version": ConditionRule(),
    "not_personal_space": ConditionRule(),
    "printable_version": ConditionRule(),
    "space_function_permission": ConditionRule(("permission",)),
    "space_sidebar": ConditionRule(),
    "user_can_use_confluence": ConditionRule(),
    "user_is_admin": ConditionRule(),
    "user_is_confluence_administrator": ConditionRule(),
    "user_is_logged_in": ConditionRule(),
    "user_is_sysadmin": ConditionRule(),
    "user_logged_in_editable": ConditionRule(),
    "viewing_content": ConditionRule(),
}
# There are no themes, favourites, watches, profiles or personal spaces here.
ASSUMED = {
    "active_theme": True,
    "can_signup": False,
    "content_has_any_permissions_set": False,
    "email_address_public": False,
    "favourite_page": False,
    "favourite_space": False,
    "following_target_user": False,
    "has_template": False,
    "showing_page_attachments": True,
    "target_user_has_personal_blog": False,
    "target_user_has_personal_space": False,
    "threaded_comments": True,
    "tiny_url_supported": False,
    "user_can_create_personal_space": False,
    "user_favouriting_target_user_personal_space": False,
    "user_has_personal_blog": False,
    "user_has_personal_space": False,
    "user_watching_page": False,
    "user_watching_space": False,
    "user_watching_space_for_content_type": False,
    "viewing_own_profile": False,
}


def _all_rules() -> dict[str, ConditionRule]:
    rules = dict(JUDGED)
    for name, holds in ASSUMED.items():
        rules[name] = ConditionRule(assumed=holds)
    for target in PERMISSION_TARGETS:
        rules[f"has_{target}_permission"] = ConditionRule(
            ("permission",), choices=PERMISSIONS
        )
    for question, required in PROPERTY_QUESTIONS.items():
        for owner in PROPERTY_OWNERS:
            rules[f"{owner}_property_{question}"] = ConditionRule(
                ("propertyKey", *required)
            )
        rules[f"entity_property_{question}"] = ConditionRule(
            ("entity", "propertyKey", *required)
        )
    return rules


RULES = _all_rules()


def is_remote(name: str) -> bool:
    """Whether a condition is a path of the app instead of a name."""
    return name.startswith("/") and not name.startswith("//")
