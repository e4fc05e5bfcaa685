"""The tests that docs/testing.md shows are run."""

import os
import re
import subprocess
import sys
from inspect import isfunction
from pathlib import Path

import pytest
from devhost.testing import plugin
from devhost.testing.confluence import RecordingConfluence
from devhost.testing.installed_app import InstalledApp
from devhost.testing.signed_client import SignedClient

from app.config import ROOT, SETTINGS

DOCUMENT = (ROOT / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
# The README's own test; tests/docs/test_readme.py runs its other blocks.
BLOCKS += re.findall(r"```py\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
SECONDS = 150
# How the others are made; get, post and the like are Flask's.
UNSHOWN = {"open", "installation"}


def test_the_tests_of_the_documents_pass(tmp_path: Path) -> None:
    conftest, *tests = BLOCKS
    assert conftest.startswith("# conftest.py")
    (tmp_path / "conftest.py").write_text(conftest)
    document = "\n\n".join(["", *tests])
    (tmp_path / "test_document.py").write_text(document)
    environment = {
        name: value for name, value in os.environ.items() if name not in SETTINGS
    }
    # They are for the tests around this one.
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, "-m", "pytest", "-p", "devhost.testing.plugin"]
    command += ["-W", "error", "-q", "-c", os.devnull, "--rootdir", str(tmp_path)]
    finished = subprocess.run(
        [*command, str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    passed = re.search(r"^(\d+) passed", finished.stdout, re.MULTILINE)
    assert passed is not None and int(passed[1]) >= document.count("\ndef test_") > 10


def test_every_fixture_is_documented() -> None:
    source = Path(plugin.__file__).read_text()
    fixtures = re.findall(r"@pytest\.fixture.*\ndef ([a-z]\w+)", source)
    assert len(fixtures) > 5
    for name in fixtures:
        assert re.search(rf"`{name}[`(]", DOCUMENT), name


@pytest.mark.parametrize("kind", [RecordingConfluence, InstalledApp, SignedClient])
def test_every_method_is_documented(kind: type) -> None:
    names = [name for name, value in vars(kind).items() if isfunction(value)]
    public = {name for name in names if not name.startswith("_")} - UNSHOWN
    assert len(public) > 5
    for name in public:
        assert re.search(rf"\b{name}\b", DOCUMENT), name
