"""The error of the screenshots command."""


class ScreenshotsError(Exception):
    """The pictures can't be taken; the message says why, and what to do."""
