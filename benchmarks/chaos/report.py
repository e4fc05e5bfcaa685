"""The report: the table of results, for the terminal and for docs/reliability.md."""

from pathlib import Path

from .journal import NO_ANSWER
from .verdict import Result

BEGIN, END = "<!-- make chaos: begin -->\n", "<!-- make chaos: end -->\n"
HEADERS = (
    "What was done",
    "Genuine: sent",
    "2xx",
    "other answers, during the fault",
    "Recovery",
    "Installs: 2xx / found",
    "Webhooks: 204 / run",
    "Forged: sent / accepted",
    "Wrongly refused",
    "Slowest",
)


def table(results: list[Result], skipped: dict[str, str]) -> str:
    """Return the results as a Markdown table."""
    lines = [_line(HEADERS), "|---" + "|--:" * (len(HEADERS) - 1) + "|"]
    lines += [_line(_cells(result)) for result in results]
    lines += [f"\nLeft out: {name}: {reason}." for name, reason in skipped.items()]
    return "\n".join(lines)


def broken(results: list[Result]) -> list[str]:
    """Return a line for every broken promise."""
    return [f"{each.name}: {what}" for each in results for what in each.broken]


def write(path: Path, text: str) -> None:
    """Replace the part of the page between the two marks."""
    before, found, rest = path.read_text("utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{path} lacks {BEGIN.strip()} or {END.strip()}")
    path.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}", "utf-8")


def _cells(result: Result) -> tuple[str, ...]:
    answers = result.journal.answers
    genuine = [each for each in answers if each.genuine]
    forged = [each for each in answers if each.forgery]
    refused = sum(each.status in (401, 403) for each in genuine)
    others = ", ".join(
        f"{'none' if status == NO_ANSWER else status}: {count}"
        for status, count in sorted(result.statuses.items())
        if not 200 <= status < 300
    )
    return (
        result.name,
        str(len(genuine)),
        str(sum(each.good for each in genuine)),
        others or "-",
        f"{result.journal.recovery():.1f} s",
        f"{len(result.journal.installed)} / {result.found}",
        f"{len(result.journal.taken)} / {result.run}",
        f"{len(forged)} / {sum(each.good for each in forged)}",
        str(refused),
        f"{result.longest:.1f} s",
    )


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
