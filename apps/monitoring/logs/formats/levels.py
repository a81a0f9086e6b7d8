"""How severe a line says it is, in one word for each of six degrees."""

import re

_WORDS = {
    "TRACE": ("trace", "finest", "finer", "verbose"),
    "DEBUG": ("debug", "fine", "dbug"),
    "INFO": ("info", "information", "notice", "informational"),
    "WARN": ("warn", "warning"),
    "ERROR": ("error", "err", "severe"),
    "FATAL": ("fatal", "critical", "crit", "alert", "emerg", "emergency", "panic"),
}
_LEVELS = {word: level for level, words in _WORDS.items() for word in words}
# pino and bunyan count in tens, Python's logging in part as well.
_NUMBERS = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
_LETTERS = {"I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL"}
_SAID = (
    "TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|SEVERE|ALERT"
    "|EMERG(?:ENCY)?|PANIC"
)
# A word in capitals between marks, one in brackets, the value of a key, or how the
# line begins. Prose says "error" without meaning a level.
# Three patterns, as the engine skips what cannot begin one only where all of it begins
# with the same set of letters: of millions of lines, each is looked through.
_BEGINS = re.compile(rf"({_SAID})(?=[\s|:)>,;\"'\]-]|$)|((?i:{_SAID})):")
_MARKED = re.compile(
    rf"[\s|:(<\"'\[](?:(?<!\[)({_SAID})(?=[\s|:)>,;\"'\]-]|$)"
    rf"|(?<=[\[<])\s*((?i:{_SAID}))\s*[\]>])"
)
_KEY = re.compile(
    r"\b[lLsS](?i:(?<=l)evel|(?<=l)vl|(?<=s)everity|(?<=l)oglevel)\"?[=:]\s*\"?"
    r"((?i:[a-z]+))"
)
_KEYS = ("evel", "EVEL", "lvl", "LVL", "everity", "EVERITY")
_GLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_LOOKED_AT = 200


def level_in(text: str) -> str | None:
    """The level a line of text names near its beginning."""
    found = _BEGINS.match(text) or _MARKED.search(text, 0, _LOOKED_AT)
    if any(key in text for key in _KEYS):
        key = _KEY.search(text, 0, _LOOKED_AT)
        if key and (found is None or key.start() < found.start()):
            found = key
    if found is not None:
        return _LEVELS.get(found[found.lastindex or 0].lower())
    glog = _GLOG.match(text)
    return _LETTERS[glog[1]] if glog else None


def level_of(value: object) -> str | None:
    """The level that the value of a key names, in letters or as pino's number."""
    if isinstance(value, str):
        return _LEVELS.get(value.lower())
    if isinstance(value, int | float):
        return _NUMBERS.get(int(value))
    return None
