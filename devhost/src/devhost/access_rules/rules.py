"""App access rules: an administrator blocks an app in a space, or everywhere.

An app that is blocked in a space can neither read nor write what people made there; the
space itself, meaning its key and its name, stays readable.
https://developer.atlassian.com/cloud/confluence/data-security-policy-developer-guide/

``block``, ``allow`` and ``replace_rule`` change the rule of one app; ``is_blocked`` and
``blocked_space_ids`` query it. Listeners hear what an app loses::

    site.get(AccessRules).events.connect(listener, weak=False)

    def listener(rules: AccessRules, event: PolicyEvent) -> None: ...

called after the rule is stored, in the thread that changed it, with no lock held.

Assumed: a rule names one app, as if every policy did; it stays when the app is
uninstalled; it can name any number of spaces, where Confluence takes 15 per policy.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from blinker import Signal

from devhost.access_rules.policy_events import PolicyEvent, events_of_loss
from devhost.site import Site
from devhost.site.installations import Installations
from devhost.site.state import State
from devhost.wiki import Wiki
from devhost.wiki.records import Space

TABLE = """
CREATE TABLE IF NOT EXISTS access_rule (
    app_key TEXT NOT NULL,
    space_id INTEGER NOT NULL,
    PRIMARY KEY (app_key, space_id)
) WITHOUT ROWID"""
# No space has this id.
EVERYWHERE = 0
STATUSES = (404, 403)
STATUS_SETTING = "access_rule_status"

logger = logging.getLogger("devhost")


class AccessRuleError(Exception):
    """The rule cannot be changed like this; the message says what to write."""


@dataclass(frozen=True)
class AccessRule:
    """What one app is blocked from: ``everywhere``, or the spaces with these ids."""

    app_key: str
    everywhere: bool = False
    space_ids: frozenset[str] = frozenset()

    @property
    def blocks_anything(self) -> bool:
        """Whether the app is blocked anywhere."""
        return self.everywhere or bool(self.space_ids)

    def blocks(self, space: Space) -> bool:
        """Return whether the app is blocked in *space*."""
        return self.everywhere or space.id in self.space_ids


class AccessRules:
    """The rules of one site; an app without one is blocked nowhere."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.events = Signal("What an app lost access to.")
        with state.transaction() as sql:
            sql.execute(TABLE)

    @classmethod
    def of_site(cls, site: Site) -> Self:
        """Return the rules of *site*."""
        return cls(site.state)

    def of(self, app_key: str) -> AccessRule:
        """Return the rule of one app."""
        with self._state.transaction() as sql:
            rows = sql.execute(
                "SELECT space_id FROM access_rule WHERE app_key = ?", [app_key]
            ).fetchall()
        ids = {int(row["space_id"]) for row in rows}
        named = frozenset(str(id) for id in ids - {EVERYWHERE})
        return AccessRule(app_key, EVERYWHERE in ids, named)

    def save(self, rule: AccessRule) -> None:
        """Store *rule* in place of the app's old one; notify nobody."""
        ids = {EVERYWHERE} if rule.everywhere else {int(id) for id in rule.space_ids}
        with self._state.transaction() as sql:
            sql.execute("DELETE FROM access_rule WHERE app_key = ?", [rule.app_key])
            sql.executemany(
                "INSERT INTO access_rule VALUES (?, ?)",
                [(rule.app_key, id) for id in ids],
            )

    def clear(self) -> None:
        """Forget every rule, and answer 404 again; notify nobody."""
        with self._state.transaction() as sql:
            sql.execute("DELETE FROM access_rule")
        self.set_status(STATUSES[0])

    @property
    def status(self) -> int:
        """The status of a call about a single blocked object: 404 or 403.

        Atlassian documents neither; 404 is as if the object did not exist.
        """
        return int(self._state.find_setting(STATUS_SETTING) or STATUSES[0])

    def set_status(self, status: int) -> None:
        """Answer with this status from now on.

        :raises AccessRuleError: if it is neither 404 nor 403.
        """
        if status not in STATUSES:
            raise AccessRuleError(f"no status {status}: write 404 or 403")
        self._state.set_setting(STATUS_SETTING, str(status))

    def tell(self, events: Iterable[PolicyEvent]) -> None:
        """Notify the listeners; log one that fails, and go on with the others."""
        for event in events:
            for receiver in self.events.receivers_for(self):
                try:
                    receiver(self, event=event)
                except Exception:
                    logger.exception("a listener of %s failed", event.name)


def is_blocked(site: Site, app_key: str, space: Space | None) -> bool:
    """Return whether the app is blocked in *space*; False without a space."""
    return space is not None and site.get(AccessRules).of(app_key).blocks(space)


def blocked_space_ids(site: Site, app_key: str) -> frozenset[str]:
    """Return the ids of the spaces in which the app is currently blocked."""
    rule = site.get(AccessRules).of(app_key)
    if not rule.blocks_anything:
        return frozenset()
    return frozenset(space.id for space in every_space(site) if rule.blocks(space))


def every_space(site: Site) -> list[Space]:
    """Return every space of the site, whoever is allowed to see it."""
    return site.get(Wiki).spaces.all(site.get(Wiki).app_viewer(""))


def block(site: Site, app_key: str, space_key: str | None = None) -> AccessRule:
    """Block an app in a space, or everywhere, including spaces created later.

    :raises AccessRuleError: if the app was never installed, or no space has the key.
    """
    rule = site.get(AccessRules).of(app_key)
    if space_key is None or rule.everywhere:
        return _change(site, AccessRule(app_key, everywhere=True))
    ids = rule.space_ids | _ids_of(site, [space_key])
    return _change(site, AccessRule(app_key, space_ids=ids))


def allow(site: Site, app_key: str, space_key: str | None = None) -> AccessRule:
    """Give an app access to a space again, or to everything.

    :raises AccessRuleError: if the app was never installed, no space has the key,
        or the app is blocked everywhere and one space is named.
    """
    rule = site.get(AccessRules).of(app_key)
    if space_key is None:
        return _change(site, AccessRule(app_key))
    if rule.everywhere:
        raise AccessRuleError(
            f"{app_key} is blocked everywhere: allow it everywhere first"
        )
    ids = rule.space_ids - _ids_of(site, [space_key])
    return _change(site, AccessRule(app_key, space_ids=ids))


def replace_rule(
    site: Site, app_key: str, *, everywhere: bool, space_keys: Iterable[str] = ()
) -> AccessRule:
    """Block an app everywhere, or in these spaces and no others.

    :raises AccessRuleError: if the app was never installed, or no space has a key.
    """
    ids = _ids_of(site, space_keys)
    if everywhere:
        return _change(site, AccessRule(app_key, everywhere=True))
    return _change(site, AccessRule(app_key, space_ids=ids))


def _ids_of(site: Site, space_keys: Iterable[str]) -> frozenset[str]:
    known = {space.key.lower(): space.id for space in every_space(site)}
    wanted = list(space_keys)
    for key in wanted:
        if key.lower() not in known:
            raise AccessRuleError(f"no space {key}: write one of {', '.join(known)}")
    return frozenset(known[key.lower()] for key in wanted)


def _change(site: Site, rule: AccessRule) -> AccessRule:
    if site.get(Installations).find(rule.app_key) is None:
        raise AccessRuleError(f"{rule.app_key} was never installed here")
    with site.state.transaction():
        before = site.get(AccessRules).of(rule.app_key)
        spaces = every_space(site)
        site.get(AccessRules).save(rule)
    lost = [each for each in spaces if rule.blocks(each) and not before.blocks(each)]
    site.get(AccessRules).tell(events_of_loss(site, rule.app_key, lost))
    return rule
