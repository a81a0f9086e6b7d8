"""A filter pattern that is none."""


class InvalidPattern(ValueError):
    """The pattern does not follow the grammar; the message says where."""
