"""The metrics: what is recorded is documented, and shown on the Grafana dashboard."""

import json
import re

from prometheus_client import Counter, Histogram

from app.config import ROOT
from app.connect import metrics
from tests.deploy.files import DEPLOY

NAMED = re.compile(r"\bconnect_[a-z_]+\b")
RECORDED = [
    family
    for metric in vars(metrics).values()
    if isinstance(metric, Counter | Histogram)
    for family in metric.describe()
]
COUNTERS = {f"{each.name}_total" for each in RECORDED if each.type == "counter"}
HISTOGRAMS = {each.name for each in RECORDED if each.type == "histogram"}
COLLECTOR = (ROOT / "app" / "connect" / "cli" / "metrics.py").read_text("utf-8")
FROM_THE_DATABASE = set(re.findall(r'"(connect_\w+)"', COLLECTOR))


def test_every_metric_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    text = text[text.index("## Metrics") : text.index("## Errors and traces")]
    assert set(NAMED.findall(text)) == COUNTERS | HISTOGRAMS | FROM_THE_DATABASE


def test_every_metric_is_on_the_dashboard() -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    shown = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in NAMED.findall(target["expr"])
    }
    parts = {f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "count")}
    assert shown == COUNTERS | parts | FROM_THE_DATABASE
