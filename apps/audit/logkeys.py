"""Object keys of CloudTrail's delivery to S3.

[PREFIX/]AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/
ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMMZ_RANDOM.json.gz. Digests and Insights lie
in sibling folders and are no log files.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_KEY = re.compile(
    r"(?P<base>(?:.*/)?AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12})/CloudTrail/)"
    r"(?P<region>[a-z0-9-]+)/\d{4}/\d\d/\d\d/"
    r"(?P=account)_CloudTrail_(?P=region)_(?P<time>\d{8}T\d{4}Z)_[A-Za-z0-9]+\.json(?:\.gz)?"
)
_STAMP = re.compile(r"_(\d{8}T\d{4})Z_")


@dataclass(frozen=True, slots=True)
class LogKey:
    """What the key of a log file says of it; `delivered` is a minute in UTC."""

    account: str
    region: str
    delivered: datetime


def parse_key(key: str) -> LogKey | None:
    """What a key says; None for digests, Insights and anything else."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    try:
        delivered = datetime.strptime(match["time"], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return LogKey(match["account"], match["region"], delivered)


def day_folders(base: str, regions: list[str], today: date, back: int) -> list[str]:
    """The prefixes of the last days, oldest first, tomorrow included: objects are
    filed by the time of delivery, which clocks on both sides see differently.

    `base` ends in `/CloudTrail/`.
    """
    days = [today + timedelta(days=offset) for offset in range(-back, 2)]
    return [f"{base}{region}/{day:%Y/%m/%d}/" for day in days for region in regions]


def delivery_order(name: str) -> str:
    """Sorts file names by the time in them, then by name; files without one last.

    Days are then written one after the other, which a day-wise store likes.
    """
    stamp = _STAMP.search(name)
    return f"{stamp.group(1) if stamp else '9'}\0{name}"
