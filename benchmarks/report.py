"""The report: the figures of a run, and the table of ratios that they make."""

import json
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from .process import ROOT

FILE = ROOT / "build" / "bench.json"

Figures = dict[str, Any]


class Ratio(NamedTuple):
    """A row of the table: a measure with its target, and one value per round."""

    what: str
    against: str
    measure: str
    values: list[float]
    target: float
    at_most: bool

    @property
    def reached(self) -> bool:
        middle = round(median(self.values), 2)
        return middle <= self.target if self.at_most else middle >= self.target


def write(figures: Figures) -> None:
    """Write the figures of a run to FILE."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(figures, indent=1))


def read() -> Figures:
    """Return the figures of the last run."""
    figures: Figures = json.loads(FILE.read_text())
    return figures


def ratios(figures: Figures) -> Iterator[Ratio]:
    """Yield the rows of the table."""
    load = figures["load"]
    for kind, what, target in (
        ("header", "verified request, token in the header", 1.25),
        ("iframe", "verified request, iframe URL", 1.35),
        ("page", "rendered page, iframe URL", 1.5),
    ):
        for suffix, server in (("", "gunicorn"), (" fast", "granian")):
            values = _over(load, f"ours{suffix}", f"bare{suffix}", kind, "cpu")
            yield Ratio(
                what, f"bare Flask, {server}", "CPU", values, target, at_most=True
            )
    for base in ("express SQLite", "express PostgreSQL"):
        if base not in load:
            continue
        ours = "ours PostgreSQL" if "PostgreSQL" in base else "ours"
        for kind in ("header", "iframe"):
            for own, server, target in (
                (ours, "gunicorn", 1.6),
                ("ours fast", "granian", 3),
            ):
                values = _over(load, own, base, kind, "rate")
                against = base.replace("express", "atlassian-connect-express,")
                what = f"verified request by {kind}, {server}"
                yield Ratio(what, against, "requests/s", values, target, at_most=False)
    tenants = figures["tenants"]
    values = _over(tenants["load"], "million", "one", "header", "cpu")
    number = f"{figures['extent']['million']:,} tenants, 1,000 of them visited"
    yield Ratio(number, "one tenant", "CPU", values, 1.05, at_most=True)
    start = figures["start"]
    for name, what, target in (
        ("seconds", "first answer", 1.1),
        ("megabytes", "memory per worker", 1.0),
    ):
        pairs = zip(start["ours"][name], start["bare"][name], strict=True)
        values = [own / other for own, other in pairs]
        yield Ratio(
            what,
            "bare Flask with the same libraries",
            name,
            values,
            target,
            at_most=True,
        )


def table(figures: Figures) -> str:
    """Return all that was measured as Markdown."""
    lines = [
        "| Measured | against | in | ratio (least to most) | target | |",
        "|---|---|---|--:|--:|---|",
    ]
    for row in ratios(figures):
        sign = "≤" if row.at_most else "≥"
        verdict = "reached" if row.reached else "missed"
        lines.append(
            f"| {row.what} | {row.against} | {row.measure} | {_summary(row.values, 2)}"
            f" | {sign} {row.target} | {verdict} |"
        )
    lines += [
        "",
        "| Server | request | µs of CPU | requests/s | p99 in ms | MB per worker |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, kinds in figures["load"].items():
        for kind in ("header", "iframe", "page"):
            if own := kinds.get(kind):
                lines.append(
                    f"| {name} | {kind} | {median(own['cpu']):.0f}"
                    f" | {median(own['rate']):.0f} | {median(own['p99']):.1f}"
                    f" | {kinds['megabytes']:.0f} |"
                )
    lines += ["", *(f"Skipped: {what}" for what in figures["skipped"])]
    machine = figures["machine"]
    extent = figures["extent"]
    lines.append(
        f"{machine['cores']} cores of {machine['model']}, Python {machine['python']}, "
        f"load at the start {machine['load']}; {extent['rounds']} rounds of "
        f"{extent['seconds']} s."
    )
    return "\n".join(lines)


def _over(load: Figures, own: str, base: str, kind: str, what: str) -> list[float]:
    pairs = zip(load[own][kind][what], load[base][kind][what], strict=True)
    return [mine / other for mine, other in pairs]


def _summary(values: list[float], digits: int) -> str:
    low, middle, high = (
        f"{value:.{digits}f}" for value in (min(values), median(values), max(values))
    )
    return f"**{middle}** ({low} to {high})"
