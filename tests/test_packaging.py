"""What a wheel of the app holds."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from app.config import ROOT

BUILD = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
DATA = {"README.md", "path_scopes.csv", "rest_operations.csv"}


def test_what_the_app_reads_is_in_the_wheel(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=bytecode)
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {f"app/connect/protocol/data/{name}" for name in DATA} <= held
    files = [path for path in (ROOT / "app").rglob("*") if path.is_file()]
    read = [path for path in files if not {"__pycache__"} & set(path.parts)]
    assert {path.relative_to(ROOT).as_posix() for path in read} <= held
