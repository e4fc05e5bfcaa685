"""The members of ``AP``, and what the local host does with each."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "data" / "ap_members.csv"


@dataclass(frozen=True)
class Member:
    """One member; ``local`` is ``works``, ``refuses`` or ``absent``."""

    name: str
    local: str
    note: str


@cache
def ap_members() -> tuple[Member, ...]:
    """Return the members in the order of Atlassian's type definitions."""
    lines = TABLE.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(Member(row["member"], row["local"], row["note"]) for row in rows)


def refusals() -> dict[str, str]:
    """Return the reasons of the members that answer "not in the local host"."""
    return {
        member.name: member.note for member in ap_members() if member.local == "refuses"
    }
