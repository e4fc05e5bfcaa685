"""App access rules: where an administrator blocks an app, and the events it gets."""

from devhost.access_rules.rules import (
    STATUSES,
    AccessRule,
    AccessRuleError,
    AccessRules,
    allow,
    block,
    blocked_space_ids,
    every_space,
    is_blocked,
    replace_rule,
)

__all__ = [
    "STATUSES",
    "AccessRule",
    "AccessRuleError",
    "AccessRules",
    "allow",
    "block",
    "blocked_space_ids",
    "every_space",
    "is_blocked",
    "replace_rule",
]
