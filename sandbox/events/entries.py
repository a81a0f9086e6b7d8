"""What PutEvents takes, entry by entry.

Source: API reference, PutEventsResultEntry; "Calculating PutEvents event entry size".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

Entry = Mapping[str, Any]

MOST_BYTES = 262_144
_TIME_BYTES = 14


def size(entry: Entry) -> int:
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or []
    total = sum(len(text.encode()) for text in texts)
    return total + (_TIME_BYTES if entry.get("Time") is not None else 0)


def fault(entry: Entry) -> Mapping[str, str] | None:
    """Why an entry is refused, as its ErrorCode and ErrorMessage."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            said = (
                f"Parameter {name} is not valid. Reason: {name} is a required argument."
            )
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": said}
    if entry["Source"].startswith("aws."):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    if not isinstance(_detail(entry), dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _detail(entry: Entry) -> Any:
    try:
        return orjson.loads(entry["Detail"])
    except orjson.JSONDecodeError:
        return None
