"""What can go wrong with the pictures."""


class ScreenshotsError(Exception):
    """The pictures cannot be taken; the message says why, and what to do."""
