"""The door to queries of CloudWatch Logs Insights.

PERMISSIONS names every action used here. Times of StartQuery are whole seconds since
1970, both ends included (API reference, StartQuery).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.discovery.aws import AwsRefused, Door, Target

PERMISSIONS = (
    "logs:DescribeQueries",
    "logs:GetQueryResults",
    "logs:StartQuery",
    "logs:StopQuery",
)
MOST_GROUPS = 50
# AWS: results of one query, over all pages.
MOST_ROWS = 100_000
_ON_THEIR_WAY = frozenset(("Scheduled", "Running", "Unknown"))
_LATE = timedelta(minutes=1)

FoundRow = Sequence[tuple[str, str]]
"""(field, value) of a row, as AWS prints them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query over log groups from `since`, included, until `until`, excluded."""

    text: str
    groups: Sequence[str]
    since: datetime
    until: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        start = math.floor(self.since.timestamp())
        end = max(start, math.ceil(self.until.timestamp()) - 1)
        return {
            "logGroupNames": list(self.groups),
            "startTime": start,
            "endTime": end,
            "queryString": self.text,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What AWS tells of a query: rows may come before it is `is_over`."""

    status: str
    rows: Sequence[FoundRow]
    token: str
    scanned: int
    matched: int
    bytes: int

    @property
    def is_over(self) -> bool:
        return self.status not in _ON_THEIR_WAY

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Found:
        statistics = said.get("statistics", {})
        return cls(
            said["status"],
            [
                [(cell["field"], cell.get("value", "")) for cell in row]
                for row in said.get("results", ())
            ],
            said.get("nextToken") or "",
            int(statistics.get("recordsScanned", 0)),
            int(statistics.get("recordsMatched", 0)),
            int(statistics.get("bytesScanned", 0)),
        )


class CloudWatchQueries:
    """Queries in one account and region."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "logs")

    def start(self, wanted: Wanted) -> str:
        """The id of a query that runs now. Raises AwsThrottled where too many run,
        AwsRefused where AWS cannot read it."""
        answer = self._door.call("start_query", **wanted.parameters)
        return str(answer["queryId"])

    def found(self, query_id: str) -> Found:
        """The first page of results."""
        return Found.of(self._door.call("get_query_results", queryId=query_id))

    def further_rows(self, query_id: str, first: Found) -> Iterator[FoundRow]:
        """The rows of all further pages."""
        token = first.token
        while token:
            answer = self._door.call(
                "get_query_results", queryId=query_id, nextToken=token
            )
            page = Found.of(answer)
            yield from page.rows
            token = page.token

    def stop(self, query_id: str) -> None:
        try:
            self._door.call("stop_query", queryId=query_id)
        except AwsRefused:  # it ended by itself meanwhile
            return

    def started_before(self, wanted: Wanted, since: datetime) -> str:
        """The id of a query of the very same text that was started since then; ""
        where there is none."""
        oldest_ms = (since - _LATE).timestamp() * 1_000
        token: dict[str, str] = {}
        while True:
            answer = self._door.call("describe_queries", **token)
            for one in answer.get("queries", ()):
                is_ours = one.get("queryString") == wanted.text
                if is_ours and one.get("createTime", 0) >= oldest_ms:
                    return str(one["queryId"])
            if not answer.get("nextToken"):
                return ""
            token = {"nextToken": answer["nextToken"]}
