"""The camera: Chromium takes the pictures."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tools.screenshots.errors import ScreenshotsError
from tools.screenshots.png import shrunk
from tools.screenshots.scenes import SCENES, Scene, SceneError
from tools.screenshots.stack import Stack

WIDTH, HEIGHT = 1280, 800
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
# Long, since a busy machine is slow.
LIMIT_MILLISECONDS = 60_000


def chosen_scenes(names: Iterable[str] | None) -> list[Scene]:
    """Return the scenes with these names; all by default.

    :raises ScreenshotsError: if there is no such scene.
    """
    every = {scene.name: scene for scene in SCENES}
    chosen = list(names or every)
    for name in chosen:
        if name not in every:
            known = ", ".join(every)
            raise ScreenshotsError(f"there is no scene {name}; there are {known}")
    return [every[name] for name in chosen]


class Camera:
    """A browser that shows a running stack."""

    def __init__(self, program: str, stack: Stack) -> None:
        self._program = program
        self._stack = stack

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        chromium = self._playwright.chromium
        self._browser: Browser = chromium.launch(
            executable_path=self._program, args=FLAGS
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def take(self, scene: Scene, folder: Path) -> str:
        """Take the pictures of *scene*; return a line to print about it.

        :raises ScreenshotsError: if its page does not load.
        """
        said = []
        for name, scheme in scene.pictures().items():
            page = self._page(is_dark=scheme == "dark")
            try:
                scene.go(page, self._stack)
            except SceneError as error:
                return f"{scene.name}: left out, {error}"
            except Error as error:
                raise ScreenshotsError(f"{scene.name}: {error}") from error
            else:
                page.mouse.move(0, 0)
                taken = page.screenshot(caret="hide")
                page.goto("about:blank")
                picture = shrunk(taken, page)
                (folder / name).write_bytes(picture)
                said.append(f"{name} ({len(picture) // 1024} KB)")
            finally:
                page.context.close()
        return ", ".join(said)

    def _page(self, *, is_dark: bool) -> Page:
        context = self._browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(LIMIT_MILLISECONDS)
        return context.new_page()
