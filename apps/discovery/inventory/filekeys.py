"""Names of the files that AWS Config delivers to a bucket.

PREFIX/AWSLogs/ACCOUNT/Config/REGION/2016/9/27/ConfigHistory/NAME.json.gz, days without
zeros in front. Source: AWS Config developer guide, "Viewing configuration history".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_KEY = re.compile(
    r"(?:^|/)AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12})/Config/(?P<region>[a-z0-9-]+)/"
    r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})/"
    r"(?P<kind>ConfigHistory|ConfigSnapshot|OversizedChangeNotification)/[^/]+$"
)
_ACCOUNT = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/Config/")


@dataclass(frozen=True, slots=True)
class FileKey:
    account: str
    region: str
    day: date
    kind: str


def parse_key(key: str) -> FileKey | None:
    """None for an object that is no file of items, such as ConfigWritabilityCheck."""
    found = _KEY.search(key)
    if found is None:
        return None
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return FileKey(found["account"], found["region"], day, found["kind"])


def account_in(origin: str) -> str:
    found = _ACCOUNT.search(origin)
    return found[1] if found else ""


def day_prefixes(base: str, last: date, days: int) -> Iterator[str]:
    """The folders of the last days below a region's folder, oldest first."""
    for back in range(days - 1, -1, -1):
        day = last - timedelta(days=back)
        yield f"{base}{day.year}/{day.month}/{day.day}/"
