"""X-Ray trace ids in both forms they are written in."""

import re
from datetime import UTC, datetime

_XRAY = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_W3C = re.compile(r"([0-9a-f]{8})([0-9a-f]{24})")


def normal(text: str) -> str | None:
    """The id as X-Ray writes it, `1-` 8 digits `-` 24 digits, from that form or from
    the 32 digits of W3C and OpenTelemetry, in any letter case; None for others."""
    text = text.strip().lower().removeprefix("root=")
    found = _XRAY.fullmatch(text) or _W3C.fullmatch(text)
    return f"1-{found[1]}-{found[2]}" if found else None


def begun(trace_id: str) -> datetime:
    """When a trace began, as X-Ray's ids say: to the second. Ids that others made
    may say any time."""
    return datetime.fromtimestamp(int(trace_id[2:10], 16), UTC)


def console_url(trace_id: str, region: str) -> str:
    """The trace in the console of AWS."""
    return (
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#xray:traces/{trace_id}"
    )
