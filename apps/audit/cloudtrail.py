"""The door to CloudTrail's own calls.

PERMISSIONS names every action that collecting events uses, those of buckets and
queues too; the IAM policy in the docs and `doctor` are made from it.
"""

from collections.abc import Iterator
from datetime import datetime

from apps.audit.logfile import looked_up
from apps.audit.logrecords import Record
from apps.discovery import buckets
from apps.discovery.aws import Door, Target
from apps.search.intake import Broken

PERMISSIONS = {**buckets.PERMISSIONS, "lookup": ("cloudtrail:LookupEvents",)}

_LOOKUP_PAGE = 50


class Lookup:
    """Management events of the last 90 days, two requests a second."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "cloudtrail")

    def pages(
        self, since: datetime, until: datetime
    ) -> Iterator[list[Record | Broken]]:
        """Events between two times, both included, newest first, 50 a page.

        A page may be empty and not the last: only the token tells.
        """
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(
                "lookup_events",
                StartTime=since,
                EndTime=until,
                MaxResults=_LOOKUP_PAGE,
                **token,
            )
            yield [
                one for event in answer.get("Events", ()) for one in looked_up(event)
            ]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}
