"""``python -m devhost.install_bridge``: its npm, its folder, and its exit code."""

import sys
from pathlib import Path

import pytest

from devhost import install_bridge

NPM = """#!/bin/sh
echo "$PWD|$*|${PATH%%:*}" > "$0.log"
exit {code}
"""


def put_npm(folder: Path, code: int = 0) -> Path:
    """Put an npm there that only records how it was run; return the record's path."""
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text(NPM.replace("{code}", str(code)))
    npm.chmod(0o755)
    return folder / "npm.log"


@pytest.fixture(autouse=True)
def no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No npm on the PATH, and none next to Python."""
    monkeypatch.setenv("PATH", str(tmp_path / "on-path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))


@pytest.mark.parametrize("folder", ["on-path", "beside"])
@pytest.mark.parametrize("code", [0, 7])
def test_npm_installs_the_locked_versions_and_its_exit_code_is_returned(
    tmp_path: Path, folder: str, code: int
) -> None:
    note = put_npm(tmp_path / folder, code)
    assert install_bridge.main([]) == code
    where, options, first = note.read_text().strip().split("|")
    assert Path(where) == install_bridge.FOLDER
    assert (Path(where) / "package-lock.json").is_file()
    assert options.split()[0] == "ci"
    assert "--ignore-scripts" in options.split()
    # npm is a script: it needs the node next to it.
    assert first == str(tmp_path / folder)


def test_the_npm_of_the_path_is_preferred(tmp_path: Path) -> None:
    put_npm(tmp_path / "beside", code=1)
    put_npm(tmp_path / "on-path")
    assert install_bridge.main([]) == 0


def test_without_npm_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert install_bridge.main([]) == 1
    assert "install Node.js 18 or newer" in capsys.readouterr().err
