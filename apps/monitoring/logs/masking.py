"""What varies in a line, written as a mark: numbers, ids, addresses, times.

A token is what stands between blanks. Tokens repeat from line to line, so each is
masked once and remembered.
"""

import re

from apps.search.logtext import ANSI

MARK, MORE = "<*>", "…"
# Lines are cut here: what tells patterns apart stands at their beginning.
MOST_CHARACTERS = 2_000
MOST_TOKENS = 120
_MOST_REMEMBERED = 200_000
_DIGIT = re.compile(r"\d")
_VARIABLE = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUID
    r"|\b1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}\b"  # X-Ray trace
    r"|\d{4}-\d\d-\d\d(?:[T_]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
    r"|\b0x[0-9a-fA-F]+\b"
    r"|(?<![0-9A-Za-z])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![0-9A-Za-z])"  # v6
    r"|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?"  # IPv4, with a port
    r"|(?<![0-9A-Za-z])(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}(?![0-9A-Za-z])"
    # Letters and digits mixed, of some length: ids, keys, hosts.
    r"|(?<![0-9A-Za-z])(?=[A-Za-z]*\d[0-9]*[A-Za-z])[0-9A-Za-z]{10,}(?![0-9A-Za-z])"
    r"|[-+]?\d+(?:[.,]\d+)*"
)
_JSON_SEAMS = re.compile(r'(?<=[,:{\[])(?=["\d{\[\-tfn])')
_MARKS_IN_A_ROW = re.compile(r"(?:<\*>)(?:[:.,/_-]?<\*>)+")

Tokens = tuple[str, ...]


class Masker:
    """Masks lines, remembering the tokens it has met."""

    def __init__(self) -> None:
        self._masked: dict[str, str] = {}

    def tokens(self, message: str) -> Tokens:
        """The masked tokens of a line; joined by blanks they are its pattern.

        Only the first line of several is looked at, what follows is the token `…`;
        of JSON every member is a token of its own.
        """
        if "\x1b" in message:
            message = ANSI.sub(MARK, message)
        line, _, rest = message.partition("\n")
        is_cut = bool(rest) or len(line) > MOST_CHARACTERS
        line = line[:MOST_CHARACTERS] if is_cut else message
        if line[:1] == "{":
            line = _JSON_SEAMS.sub(" ", line)
        known = self._masked
        found = [
            known.get(token) or self._mask(token)
            for token in line.split(" ", MOST_TOKENS)
        ]
        if is_cut:
            found.append(MORE)
        return tuple(found)

    def _mask(self, token: str) -> str:
        masked = token
        if _DIGIT.search(token):
            masked = _MARKS_IN_A_ROW.sub(MARK, _VARIABLE.sub(MARK, token))
        if len(self._masked) >= _MOST_REMEMBERED:
            self._masked.clear()
        self._masked[token] = masked
        return masked
