"""Trails: what is to be delivered where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudtrail import names
from sandbox.cloudtrail.records import Record, timestamp
from sandbox.kernel.cloud import REGIONS

# The default of a new trail. Source: CloudTrail API reference, GetEventSelectors.
_EVERYTHING: dict[str, Any] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


@dataclass(slots=True)
class Trail:
    """A trail as it was asked for, with how its deliveries went.

    Times are seconds since 1970; `selectors` are CloudTrail's event selectors.
    """

    name: str
    account: str
    home_region: str
    bucket: str
    prefix: str = ""
    topic_arn: str = ""
    is_multi_region: bool = False
    includes_global: bool = True
    validates: bool = False
    is_logging: bool = False
    is_ending: bool = False
    selectors: list[dict[str, Any]] = field(default_factory=lambda: [dict(_EVERYTHING)])
    tags: dict[str, str] = field(default_factory=dict)
    started_at: float | None = None
    stopped_at: float | None = None
    delivered_at: float | None = None
    notified_at: float | None = None
    digested_at: float | None = None
    delivery_error: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudtrail:{self.home_region}:{self.account}:trail/{self.name}"

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions whose events it delivers."""
        return REGIONS if self.is_multi_region else (self.home_region,)

    def wants(self, record: Record) -> bool:
        """Whether a record belongs into this trail's files."""
        if record["recipientAccountId"] != self.account or not self._covers(record):
            return False
        # The call that ends the logging is the last that is logged.
        is_end = self.is_ending and record["eventName"] == "StopLogging"
        if not self.is_logging and not is_end:
            return False
        return any(_selects(selector, record) for selector in self.selectors)

    def _covers(self, record: Record) -> bool:
        if record["eventSource"].split(".")[0] in names.GLOBAL_SERVICES:
            return self.includes_global
        return self.is_multi_region or record["awsRegion"] == self.home_region

    def described(self) -> dict[str, Any]:
        """As DescribeTrails answers it."""
        answer: dict[str, Any] = {
            "Name": self.name,
            "S3BucketName": self.bucket,
            "IncludeGlobalServiceEvents": self.includes_global,
            "IsMultiRegionTrail": self.is_multi_region,
            "HomeRegion": self.home_region,
            "TrailARN": self.arn,
            "LogFileValidationEnabled": self.validates,
            "HasCustomEventSelectors": self.selectors != [_EVERYTHING],
            "HasInsightSelectors": False,
            "IsOrganizationTrail": False,
        }
        if self.prefix:
            answer["S3KeyPrefix"] = self.prefix
        if self.topic_arn:
            answer["SnsTopicARN"] = self.topic_arn
            answer["SnsTopicName"] = self.topic_arn.split(":")[-1]
        return answer

    def status(self) -> dict[str, Any]:
        """As GetTrailStatus answers it."""
        times = {
            "StartLoggingTime": self.started_at,
            "StopLoggingTime": self.stopped_at,
            "LatestDeliveryTime": self.delivered_at,
            "LatestNotificationTime": self.notified_at,
            "LatestDigestDeliveryTime": self.digested_at,
        }
        answer: dict[str, Any] = {"IsLogging": self.is_logging}
        answer.update({name: at for name, at in times.items() if at is not None})
        if self.delivery_error:
            answer["LatestDeliveryError"] = self.delivery_error
        return {**answer, **self._status_of_old()}

    def _status_of_old(self) -> dict[str, str]:
        """Members that are no longer documented with a meaning, and are still sent."""
        times = {
            "LatestDeliveryAttemptTime": self.delivered_at,
            "LatestNotificationAttemptTime": self.notified_at,
            "TimeLoggingStarted": self.started_at,
            "TimeLoggingStopped": self.stopped_at,
        }
        said = {name: timestamp(at) if at else "" for name, at in times.items()}
        for name in ("LatestDeliveryAttempt", "LatestNotificationAttempt"):
            said[f"{name}Succeeded"] = said[f"{name}Time"]
        return said


def _selects(selector: dict[str, Any], record: Record) -> bool:
    if not record["managementEvent"]:
        return _selects_data(selector, record)
    if not selector.get("IncludeManagementEvents", True):
        return False
    if record["eventSource"] in selector.get("ExcludeManagementEventSources", []):
        return False
    return _selects_effect(selector, record)


def _selects_effect(selector: dict[str, Any], record: Record) -> bool:
    wanted = selector.get("ReadWriteType", "All")
    if wanted == "All":
        return True
    return record["readOnly"] is (wanted == "ReadOnly")


def _selects_data(selector: dict[str, Any], record: Record) -> bool:
    """Data is named by the beginning of its ARN; `arn:aws:s3` means every object.

    Source: CloudTrail API reference, DataResource.
    """
    (about,) = record["resources"]
    return _selects_effect(selector, record) and any(
        wanted["Type"] == about["type"]
        and any(about["ARN"].startswith(value) for value in wanted.get("Values", []))
        for wanted in selector.get("DataResources", [])
    )
