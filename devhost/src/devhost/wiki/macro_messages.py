"""Messages in place of a macro that cannot be shown."""

from html import escape


def unknown(name: str) -> str:
    """Return Confluence's message for a macro whose app is gone."""
    return notice(f"Unknown macro: '{name}'")


def blocked(title: str) -> str:
    """Return the message for a macro of an app that is not allowed in the space."""
    return notice(blocked_text(title))


def blocked_text(title: str) -> str:
    """Return the text shown instead of an app that is not allowed in the space."""
    return (
        f"{title} is blocked by a policy. Your administrator does not let this app "
        "see what is in this space."
    )


def failed(title: str, reason: str) -> str:
    """Return the message for a static macro without output."""
    return notice(f"Error rendering macro '{title}': {reason}", "notice error")


def notice(text: str, kind: str = "notice") -> str:
    """Return text as the message in place of a macro."""
    # A span, because a macro can be inside a paragraph.
    return f'<span class="{kind} macro-message">{escape(text)}</span>'
