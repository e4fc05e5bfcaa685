"""The report: the measured times as a Markdown table."""

from statistics import median

MAX_OF_FLOOR = 1.35
MAX_OF_RECIPE = 0.5

Times = dict[str, list[float]]
"""Microseconds per request by server, one value per round."""


def table(times: Times) -> str:
    """Return a row for each server: its median, its spread and its ratios."""
    lines = [
        "| server | µs CPU per request | of the floor | of the recipe |",
        "|---|--:|--:|--:|",
    ]
    for name, own in times.items():
        cells = [name, _summary(own, "{:.0f}")]
        cells += [_summary(_ratios(times, name, of), "{:.2f}") for of in _BASES]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def verdicts(times: Times) -> str:
    """Return a line for each target that says whether it was reached."""
    lines = []
    for base, target in _BASES.items():
        ratio = median(_ratios(times, "ours", base))
        verdict = "reached" if ratio <= target else "missed"
        lines.append(f"- at most {target} of the {base}: {verdict}, with {ratio:.2f}")
    return "\n".join(lines)


_BASES = {"floor": MAX_OF_FLOOR, "recipe": MAX_OF_RECIPE}


def _ratios(times: Times, name: str, base: str) -> list[float]:
    return [own / other for own, other in zip(times[name], times[base], strict=True)]


def _summary(values: list[float], form: str) -> str:
    low, middle, high = map(form.format, (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"
