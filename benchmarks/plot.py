"""Draw the last run, and write its tables, for docs/performance.md.

``make bench`` measures, ``make bench-page`` runs this with matplotlib.
"""

from statistics import median

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 - only after the back end is chosen

from .process import ROOT  # noqa: E402 - as above
from .report import FILE, Figures, read, table  # noqa: E402 - as above

PICTURE = ROOT / "docs" / "images" / "performance.png"
NAMES = {
    "express PostgreSQL": "atlassian-connect-express, PostgreSQL",
    "express SQLite": "atlassian-connect-express, SQLite",
    "ours PostgreSQL": "this app, gunicorn, PostgreSQL",
    "ours": "this app, gunicorn, SQLite",
    "ours fast": "this app, granian, SQLite",
    "bare": "bare Flask, gunicorn: no verification",
    "bare fast": "bare Flask, granian: no verification",
}
PAGE = ROOT / "docs" / "performance.md"
BEGINS, ENDS = "## Results\n", "## Where the time goes\n"
COLOURS = {"express": "#b0b7c3", "ours": "#1d7afc", "bare": "#dcdfe4"}


def draw(figures: Figures) -> None:
    """Draw requests per second and CPU per request of each server."""
    load = {name: figures["load"][name] for name in NAMES if name in figures["load"]}
    charts = (("rate", "requests per second"), ("cpu", "µs of CPU per request"))
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 3.6), sharey=True)
    for axis, (measure, title) in zip(axes, charts, strict=True):
        values = [median(own["iframe"][measure]) for own in load.values()]
        colours = [COLOURS[name.split()[0]] for name in load]
        bars = axis.barh([NAMES[name] for name in load], values, color=colours)
        axis.bar_label(bars, fmt="{:,.0f}", padding=3)
        axis.set_title(title, loc="left")
        axis.set_xlim(0, max(values) * 1.2)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        "An iframe URL with its token, verified: two workers, kept-alive connections",
        x=0.01,
        ha="left",
    )
    figure.tight_layout()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    figures = read()
    draw(figures)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    PAGE.write_text(f"{before}{BEGINS}\n{table(figures)}\n\n{ENDS}{after}", "utf-8")
    print(f"From {FILE}: {PICTURE} and {PAGE}.")
