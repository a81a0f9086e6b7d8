"""Where one CloudTrail record ends and the next begins, found without parsing.

A quotation mark inside a JSON string is always escaped, so `},{"eventName"` never
stands inside a text. It can stand inside a record, as a nested list of objects: a
boundary is a proposal, and parsing decides.
"""

import re
from collections import deque

# The fields of a record (CloudTrail user guide, "record contents"): any of them may
# come first, since other tools write records back with their keys sorted.
_FIRST_KEYS = (
    "additionalEventData|addendum|apiVersion|awsRegion|edgeDeviceDetails|errorCode|"
    "errorMessage|event(?:Category|Context|ID|Name|Source|Time|Type|Version)|"
    "insightDetails|managementEvent|readOnly|recipientAccountId|request(?:ID|Parameters)|"
    "resources|responseElements|serviceEventDetails|sessionCredentialFromConsole|"
    "sharedEventID|sourceIPAddress|tlsDetails|user(?:Agent|Identity)|vpcEndpointId"
)
# Every quantifier is possessive: white space without end is walked over once.
_BEGINNING = rb'\{[ \t\r\n]*+"(?:' + _FIRST_KEYS.encode() + rb')"'
_BOUNDARY = re.compile(rb"\}[ \t\r\n]*+(?:,[ \t\r\n]*+)?+(?=" + _BEGINNING + rb")")
_RECORD = re.compile(_BEGINNING.decode())
_WINDOW_BYTES = 64 << 10


def last_boundary(buffer: bytes) -> int | None:
    """Where the last record that begins in `buffer` begins; None if only one does."""
    window = _WINDOW_BYTES
    while True:
        start = max(0, len(buffer) - window)
        found = deque(_BOUNDARY.finditer(buffer, start), maxlen=1)
        if found:
            return found[0].end()
        if start == 0:
            return None
        window *= 4


def first_boundary(buffer: bytes) -> int | None:
    found = _BOUNDARY.search(buffer)
    return found.end() if found else None


def boundaries(buffer: bytes) -> list[int]:
    """Every place in `buffer` where a record may begin, its start and end included."""
    inside = (found.end() for found in _BOUNDARY.finditer(buffer))
    return [0, *inside, len(buffer)]


def next_record(text: str, start: int) -> int | None:
    """Where a record may begin at or after `start`, whatever stands before it."""
    found = _RECORD.search(text, start)
    return found.start() if found else None
