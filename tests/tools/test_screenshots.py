"""``make screenshots``: the command and its pictures."""

import sys
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools.screenshots.__main__ import main
from tools.screenshots.png import indexed_png, shrunk
from tools.screenshots.scenes import SCENES


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


def test_a_browser_that_is_not_a_program_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--browser", "no-such-browser"]) == 1
    assert "no-such-browser is no program" in capsys.readouterr().err


def test_without_playwright_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "tools.screenshots.camera", raising=False)
    monkeypatch.setitem(sys.modules, "tools.screenshots.camera", None)
    assert main(["--browser", sys.executable]) == 1
    assert "make install" in capsys.readouterr().err


def test_an_unknown_scene_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devhost.pages.bridge.is_installed", lambda: True)
    assert main(["--browser", sys.executable, "--only", "nothing"]) == 1
    words = capsys.readouterr().err
    assert "no scene nothing" in words
    assert all(scene.name in words for scene in SCENES)


@pytest.mark.browser
def test_a_picture_keeps_its_colours_in_a_small_file(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 60, "height": 40})
    page.set_content("<body style='margin: 0; background: #0a5fd0'>")
    picture = shrunk(page.screenshot(), page)
    assert picture == indexed_png(60, bytes([0x0A, 0x5F, 0xD0]), bytes(60 * 40))
    page.set_content(f"<img src='data:image/png;base64,{b64encode(picture).decode()}'>")
    size = "[document.images[0].naturalWidth, document.images[0].naturalHeight]"
    page.wait_for_function("document.images[0].complete", polling=100)
    assert page.evaluate(size) == [60, 40]
    page.close()
