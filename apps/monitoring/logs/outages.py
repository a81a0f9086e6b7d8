"""Times in which something was not read, as the REST API tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.monitoring.models import LogOutage
from apps.search.timerange import rfc3339


def told(outages: Iterable[LogOutage]) -> list[dict[str, Any]]:
    """`until` is None while one lasts."""
    return [
        {
            "since": rfc3339(one.since),
            "until": one.until and rfc3339(one.until),
            "problem": one.problem,
        }
        for one in outages
    ]
