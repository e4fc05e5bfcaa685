"""The verdict: what a scenario has shown, and which promises were broken."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .journal import Answer, Journal

LONGEST = 15.0
"""Seconds after which an answer counts as a hang."""

RECOVERY = 10.0
"""Seconds after a fault within which the app must answer everything again."""


@dataclass(frozen=True)
class Rules:
    """What a scenario allows while its fault lasts, until the app has recovered."""

    allowed: Mapping[str, Collection[int]] = field(default_factory=dict)
    """The failures that each kind of request may meet; ``*`` for any kind."""
    longest: Mapping[str, float] = field(default_factory=dict)
    """Seconds after which an answer counts as a hang, by kind."""
    memory: int = 0
    """Bytes that one web process may hold; 0 for any number."""


@dataclass
class Findings:
    """What was found out after a scenario."""

    stored: Mapping[str, tuple[str | None, str | None]]
    """The secret and the previous secret of each stored client key."""
    ran: Collection[int]
    """The numbers of the webhooks whose handler has ended."""
    ended: Collection[str] = ()
    """The processes that have ended."""
    peak_memory: int = 0
    """Bytes that the largest web process has held."""
    usable: tuple[int, int] = (0, 0)
    """How many sites were asked for a page at the end, and how many gave one."""


@dataclass
class Result:
    """A row of the table."""

    name: str
    journal: Journal
    findings: Findings
    broken: list[str]
    """The promises that were broken."""

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came, for genuine requests."""
        return Counter(each.status for each in self.journal.answers if each.genuine)

    @property
    def found(self) -> int:
        """How many installs that were answered 2xx are in the database."""
        return len(self.journal.installed) - len(_missing(self.journal, self.findings))

    @property
    def run(self) -> int:
        """How many webhooks that were answered 204 were run."""
        return len(self.journal.taken & set(self.findings.ran))

    @property
    def longest(self) -> float:
        """The seconds that the slowest answer took."""
        return max((each.seconds for each in self.journal.answers), default=0.0)


def judge(name: str, journal: Journal, rules: Rules, findings: Findings) -> Result:
    """Return the result of a scenario."""
    checks: dict[str, Collection[object]] = {
        "genuine requests refused with 401 or 403": _wrongly_refused(journal),
        "forged requests accepted": _wrongly_accepted(journal, findings),
        "pages of another tenant": [each for each in journal.answers if each.foreign],
        "answered 500": [each for each in journal.answers if each.status == 500],
        "odd answers": _odd(journal, rules),
        "failed without a reason": _unexpected(journal, rules),
        f"failed later than {RECOVERY:.0f} s after the fault": _late(journal),
        "hung": _hung(journal, rules),
        "installs missing in the database": _missing(journal, findings),
        "webhooks never run": journal.taken - set(findings.ran),
        "processes ended": findings.ended,
        "sites without a page at the end": range(
            findings.usable[0] - findings.usable[1]
        ),
    }
    broken = [
        f"{len(found)} {what}{_examples(found)}"
        for what, found in checks.items()
        if found
    ]
    if rules.memory and findings.peak_memory > rules.memory:
        broken.append(f"{findings.peak_memory // 2**20} MiB in one web process")
    return Result(name, journal, findings, broken)


def _wrongly_refused(journal: Journal) -> list[Answer]:
    return [
        each for each in journal.answers if each.genuine and each.status in (401, 403)
    ]


def _wrongly_accepted(journal: Journal, findings: Findings) -> list[object]:
    accepted: list[object] = [
        each for each in journal.answers if each.forgery and each.good
    ]
    return accepted + [*(journal.forged & set(findings.ran))]


def _odd(journal: Journal, rules: Rules) -> list[Answer]:
    """Return answers that are neither good, refused nor failed.

    Only 401 refuses a forged request: anything else says what is wrong with it.
    """
    return [
        each
        for each in journal.answers
        if not (each.good or each.failed or each.status == 401)
        and not (each.genuine and each.status == 403)
        and each.status not in rules.allowed.get(each.kind, ())
    ]


def _unexpected(journal: Journal, rules: Rules) -> list[Answer]:
    """Return failures that the fault does not explain."""
    return [
        each
        for each in journal.answers
        if each.failed and not _is_explained(each, journal, rules)
    ]


def _is_explained(answer: Answer, journal: Journal, rules: Rules) -> bool:
    # A request may have been under way when the fault began.
    if answer.sent_at + answer.seconds < journal.began:
        return False
    allowed = {*rules.allowed.get(answer.kind, ()), *rules.allowed.get("*", ())}
    return answer.status in allowed


def _late(journal: Journal) -> list[Answer]:
    limit = journal.ended + RECOVERY
    return [each for each in journal.failures_after() if each.sent_at > limit]


def _hung(journal: Journal, rules: Rules) -> list[Answer]:
    return [
        each
        for each in journal.answers
        if each.seconds - journal.lag > rules.longest.get(each.kind, LONGEST)
    ]


def _missing(journal: Journal, findings: Findings) -> list[str]:
    """Return the client keys whose answered secret is not stored."""
    missing = []
    for client_key, secret in journal.installed.items():
        kept = findings.stored.get(client_key, (None, None))
        # The host rolls back to the previous secret if a new one is never answered.
        right = kept if client_key in journal.unsure else kept[:1]
        if secret not in right:
            missing.append(client_key)
    return missing


def _examples(found: Collection[object]) -> str:
    """Return what three of the answers were, for the one who has to find out why."""
    answers = [each for each in found if isinstance(each, Answer)]
    shown = [
        f"{each.forgery or each.kind} {each.status or 'no answer'} "
        f"after {each.seconds:.1f} s"
        for each in answers[:3]
    ]
    names = [each for each in found if isinstance(each, str) and len(each) < 20]
    return f" ({', '.join(shown + names)})" if shown or names else ""
