"""What is wrong with a pattern, where, and what to write instead."""


class PatternError(ValueError):
    """A filter pattern that cannot be read.

    `position` counts characters from 0 in the pattern as it was typed; `cure` says
    what to do about it.
    """

    def __init__(self, message: str, position: int, cure: str) -> None:
        super().__init__(f"{message} at character {position + 1}: {cure}.")
        self.message = message
        self.position = position
        self.cure = cure
