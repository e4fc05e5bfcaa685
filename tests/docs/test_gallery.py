"""docs/gallery.md shows what ``make screenshots`` takes."""

import re

from app.config import ROOT
from tools.screenshots.scenes import SCENES


def test_the_gallery_shows_every_picture_and_all_are_small() -> None:
    docs = ROOT / "docs"
    gallery = (docs / "gallery.md").read_text("utf-8")
    pictures = {name for scene in SCENES for name in scene.pictures()}
    assert set(re.findall(r"screenshots/(.*?)\)", gallery)) == pictures
    files = list((docs / "screenshots").iterdir())
    assert {file.name for file in files} == pictures
    assert sum(file.stat().st_size for file in files) < 1_500_000
