"""Checks of what a URL or form may hold."""

_MOST_DIGITS = 15  # 2**53 has sixteen


def is_count(text: str) -> bool:
    """Whether `text` is a whole number that every part of the site can take."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
