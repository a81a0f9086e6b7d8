"""Ids that lead from a line elsewhere: of a trace, of a request."""

import re

# X-Ray's own form: 1, eight hex digits of the second it began, 24 more.
_XRAY = re.compile(r"1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?![0-9a-fA-F])")
_W3C = re.compile(
    r"(?i:trace[-_.]?(?:id|parent)|xray[-_]?trace[-_]?id)[\"']?\s*[:=]?\s*[\"']?"
    r"(?:00-)?([0-9a-fA-F]{32})(?![0-9a-fA-F])"
)
_BARE = re.compile(r"(?:00-)?([0-9a-fA-F]{32})(?:-[0-9a-fA-F]{16}-[0-9a-fA-F]{2})?")
_REQUEST = re.compile(
    r"(?i:request|req)[-_ ]?(?i:id)[\"']?\s*[:=]\s*[\"']?([0-9A-Za-z_-]{8,64})"
)
_LONGEST_HEADER = 1_000
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SECOND_COLUMN = re.compile(rf"\S+\t({_UUID})\t")


def trace_in(text: str) -> str | None:
    """The trace that a line names, in X-Ray's form."""
    found = _XRAY.search(text)
    if found is not None:
        return f"1-{found[1]}-{found[2]}".lower()
    if "race" not in text and "RACE" not in text:
        return None
    found = _W3C.search(text)
    return _in_form_of_xray(found[1]) if found else None


def trace_of(value: object) -> str | None:
    """The trace that the value of a key names: either form, alone, in a header of
    X-Ray (`Root=1-...;Parent=...`) or as a traceparent."""
    if not isinstance(value, str) or len(value) > _LONGEST_HEADER:
        return None
    found = _XRAY.search(value)
    if found is not None:
        return f"1-{found[1]}-{found[2]}".lower()
    bare = _BARE.fullmatch(value)
    return _in_form_of_xray(bare[1]) if bare else None


def request_in(text: str) -> str | None:
    """The request that a line names."""
    if "eq" in text or "EQ" in text:
        found = _REQUEST.search(text)
        if found is not None:
            return found[1]
    if "\t" in text:  # Lambda's runtimes: time, request, level, message
        column = _SECOND_COLUMN.match(text)
        return column[1] if column else None
    return None


def _in_form_of_xray(digits: str) -> str:
    """Source: "Sending trace data to X-Ray", AWS X-Ray Developer Guide: the first
    eight of the 32 digits of a W3C trace id are the time."""
    digits = digits.lower()
    return f"1-{digits[:8]}-{digits[8:]}"
