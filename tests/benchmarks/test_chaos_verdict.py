"""The verdict of `make chaos`: what keeps a promise, and what breaks it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos import report
from benchmarks.chaos.journal import NO_ANSWER, Answer, Journal
from benchmarks.chaos.verdict import LONGEST, RECOVERY, Findings, Rules, judge

BEGAN, ENDED = 100.0, 110.0
PAGE = Answer(kind="page", status=200, sent_at=105.0, seconds=0.1)
FORGED = replace(PAGE, status=401, forgery="expired")
RULES = Rules(allowed={"page": {503}}, memory=1000)
FINDINGS = Findings(
    stored={"a": ("new", "old")}, ran={1}, peak_memory=1000, usable=(2, 2)
)


def broken(*answers: Answer, findings: Findings = FINDINGS, **changes: Any) -> str:
    """Return the broken promises of a journal that keeps all of them but for that."""
    journal = Journal(began=BEGAN, ended=ENDED)
    journal.answers = [PAGE, FORGED, *answers]
    journal.installed, journal.taken, journal.forged = {"a": "new"}, {1}, {2}
    for name, value in changes.items():
        setattr(journal, name, value)
    return "\n".join(judge("", journal, RULES, findings).broken)


def test_a_scenario_in_which_all_went_well_breaks_no_promise() -> None:
    assert broken() == ""


@pytest.mark.parametrize("status", [401, 403])
def test_a_genuine_request_must_not_be_refused(status: int) -> None:
    assert "refused with 401 or 403" in broken(replace(PAGE, status=status))


def test_a_forged_request_must_not_be_accepted() -> None:
    assert "forged requests accepted" in broken(replace(FORGED, status=204))


def test_the_webhook_of_a_forged_token_must_not_be_run() -> None:
    findings = replace(FINDINGS, ran={1, 2})
    assert "forged requests accepted" in broken(findings=findings)


def test_nothing_may_answer_500() -> None:
    assert "answered 500" in broken(replace(FORGED, status=500))


def test_a_page_must_not_be_another_tenants() -> None:
    assert "pages of another tenant" in broken(replace(PAGE, foreign=True))


def test_a_request_that_the_app_should_understand_must_not_get_a_400() -> None:
    assert "odd answers" in broken(replace(PAGE, status=400))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_forged_request_must_be_refused_with_401(status: int) -> None:
    assert "odd answers" in broken(replace(FORGED, status=status))


def test_failures_that_the_fault_explains_are_allowed_until_the_app_has_recovered() -> (
    None
):
    failure = replace(PAGE, status=503)
    assert broken(failure) == ""
    assert broken(replace(failure, sent_at=ENDED + RECOVERY)) == ""
    late = replace(failure, sent_at=ENDED + RECOVERY + 1)
    assert "later than" in broken(late)


@pytest.mark.parametrize(
    "failure",
    [
        replace(PAGE, status=503, sent_at=BEGAN - 1),
        replace(PAGE, status=502),
        replace(PAGE, status=NO_ANSWER),
        replace(PAGE, kind="webhook", status=503),
        replace(FORGED, status=502),
    ],
    ids=["before", "another status", "no answer", "another kind", "forged"],
)
def test_other_failures_are_not_allowed(failure: Answer) -> None:
    assert "failed without a reason" in broken(failure)


def test_a_request_under_way_when_the_fault_began_may_fail() -> None:
    assert broken(replace(PAGE, status=503, sent_at=BEGAN - 1, seconds=1.1)) == ""


def test_an_answer_must_come_in_time_unless_the_caller_itself_was_late() -> None:
    slow = replace(FORGED, seconds=LONGEST + 1)
    assert "hung" in broken(slow)
    assert broken(slow, lag=1.0) == ""


@pytest.mark.parametrize("stored", [{}, {"a": ("other", "new")}])
def test_an_install_that_was_answered_must_be_stored(
    stored: dict[str, tuple[str, str]],
) -> None:
    findings = replace(FINDINGS, stored=stored)
    assert "installs missing" in broken(findings=findings)


def test_the_secret_before_an_unanswered_rotation_must_still_be_good() -> None:
    unsure, old = {"a": "old"}, {"a": "old"}
    assert broken(installed=old, unsure=unsure) == ""
    lost = replace(FINDINGS, stored={"a": ("new", None)})
    assert "installs missing" in broken(findings=lost, installed=old, unsure=unsure)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ran": set()}, "webhooks never run"),
        ({"ended": ["worker"]}, "processes ended"),
        ({"usable": (2, 1)}, "without a page"),
        ({"peak_memory": 1001}, "in one web process"),
    ],
)
def test_what_is_found_afterwards_is_judged(change: dict[str, Any], says: str) -> None:
    assert says in broken(findings=replace(FINDINGS, **change))


def test_recovery_lasts_until_the_last_failure_after_the_fault() -> None:
    journal = Journal(began=BEGAN, ended=ENDED)
    journal.answers = [
        replace(PAGE, status=503),
        replace(PAGE, status=503, sent_at=ENDED + 2),
        replace(FORGED, status=503, sent_at=ENDED + 3),
    ]
    assert journal.recovery() == 2.0


def test_the_table_replaces_what_is_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before\n{report.BEGIN}old\n{report.END}After\n")
    report.write(page, "new")
    assert page.read_text() == f"Before\n{report.BEGIN}\nnew\n\n{report.END}After\n"


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before\n{report.BEGIN}old\n")
    with pytest.raises(ValueError, match="lacks"):
        report.write(page, "new")
