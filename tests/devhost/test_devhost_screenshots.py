"""The command that takes the pictures: what it says when it cannot."""

import sys
from pathlib import Path

import pytest

from devhost.screenshots.__main__ import main
from devhost.screenshots.scenes import SCENES


def test_help_names_the_folder_and_the_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    words = capsys.readouterr().out
    for word in ("docs/screenshots", "--to", "--only", "--browser"):
        assert word in words


def test_without_a_chromium_it_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 1
    assert "Debian's package is chromium" in capsys.readouterr().err


def test_a_browser_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--browser", "no-such-browser"]) == 1
    assert "no-such-browser is no program" in capsys.readouterr().err


def test_without_playwright_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "devhost.screenshots.camera", raising=False)
    monkeypatch.setitem(sys.modules, "devhost.screenshots.camera", None)
    assert main(["--browser", sys.executable]) == 1
    assert "make install" in capsys.readouterr().err


def test_an_unknown_scene_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devhost.pages.bridge.is_installed", lambda: True)
    assert main(["--browser", sys.executable, "--only", "nothing"]) == 1
    words = capsys.readouterr().err
    assert "no scene nothing" in words
    assert all(scene.name in words for scene in SCENES)
