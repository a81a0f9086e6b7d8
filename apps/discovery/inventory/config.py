"""The door to AWS Config: what it discovered, what it knows of it, its recorders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.discovery.aws import AwsRefused, Door, Target

PERMISSIONS = (
    "config:BatchGetAggregateResourceConfig",
    "config:BatchGetResourceConfig",
    "config:DescribeConfigurationRecorderStatus",
    "config:DescribeConfigurationRecorders",
    "config:GetAggregateDiscoveredResourceCounts",
    "config:GetDiscoveredResourceCounts",
    "config:GetResourceConfigHistory",
    "config:ListAggregateDiscoveredResources",
    "config:ListDiscoveredResources",
)
# AWS Config API reference: BatchGetResourceConfig, ListDiscoveredResources.
_MOST_KEYS = 100
_PAGE = 100
_DAILY = "DAILY"


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder as it is set up and as it runs.

    `types` are those it records, None for all that Config supports; `excluded` those
    it leaves out; `daily` those it records once a day, ("*",) for all.
    """

    name: str
    is_recording: bool
    last_status: str
    problem: str
    types: tuple[str, ...] | None
    excluded: tuple[str, ...]
    with_global_types: bool
    daily: tuple[str, ...]


class Config:
    """AWS Config in one account and region."""

    def __init__(self, where: Target) -> None:
        self._door = Door(where, "config")

    def recorder(self) -> Recorder | None:
        """The account's own recorder; None where there is none."""
        told = self._door.call("describe_configuration_recorders")
        statuses = self._door.call("describe_configuration_recorder_status")
        by_name = {
            one.get("name", ""): one
            for one in statuses.get("ConfigurationRecordersStatus", ())
        }
        for one in told.get("ConfigurationRecorders", ()):
            return _recorder(one, by_name.get(one.get("name", ""), {}))
        return None

    def types(self) -> list[str]:
        """Types of which Config has resources."""
        found = self._listed("get_discovered_resource_counts", "resourceCounts")
        return [one["resourceType"] for one in found if one.get("count")]

    def discovered(self, resource_type: str, *, with_deleted: bool) -> Iterator[str]:
        """Ids of resources, those that are gone for a while only if asked."""
        found = self._listed(
            "list_discovered_resources",
            "resourceIdentifiers",
            resourceType=resource_type,
            includeDeletedResources=with_deleted,
        )
        for one in found:
            yield one["resourceId"]

    def items(
        self, resource_type: str, ids: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        """Base configuration items, in no order; of some there may be none yet.
        Keys that AWS leaves unprocessed are asked for once more, then left."""
        keys = [{"resourceType": resource_type, "resourceId": one} for one in ids]
        for _ in range(2):
            left: list[dict[str, str]] = []
            for start in range(0, len(keys), _MOST_KEYS):
                answer = self._door.call(
                    "batch_get_resource_config",
                    resourceKeys=keys[start : start + _MOST_KEYS],
                )
                yield from answer.get("baseConfigurationItems", ())
                left += answer.get("unprocessedResourceKeys", ())
            keys = left

    def history(
        self, resource_type: str, resource_id: str, since: datetime, until: datetime
    ) -> Iterator[Mapping[str, Any]]:
        """Items captured in a time, newest first. Pages may be short or empty."""
        yield from self._listed(
            "get_resource_config_history",
            "configurationItems",
            resourceType=resource_type,
            resourceId=resource_id,
            laterTime=until,
            earlierTime=since,
            limit=_PAGE,
        )

    def past(
        self, resource_type: str, resource_id: str, most: int
    ) -> list[Mapping[str, Any]]:
        """The newest items of all time that Config keeps, newest first."""
        found: list[Mapping[str, Any]] = []
        listed = self._listed(
            "get_resource_config_history",
            "configurationItems",
            resourceType=resource_type,
            resourceId=resource_id,
            limit=_PAGE,
        )
        for one in listed:
            found.append(one)
            if len(found) >= most:
                break
        return found

    def aggregated(
        self, aggregator: str, resource_type: str
    ) -> Iterator[list[Mapping[str, Any]]]:
        """Identifiers of resources that an aggregator knows, a page at a time."""
        name = "list_aggregate_discovered_resources"
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(
                name,
                ConfigurationAggregatorName=aggregator,
                ResourceType=resource_type,
                Limit=_PAGE,
                **token,
            )
            yield list(answer.get("ResourceIdentifiers", ()))
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def aggregate_items(
        self, aggregator: str, identifiers: Sequence[Mapping[str, Any]]
    ) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(identifiers), _MOST_KEYS):
            answer = self._door.call(
                "batch_get_aggregate_resource_config",
                ConfigurationAggregatorName=aggregator,
                ResourceIdentifiers=list(identifiers[start : start + _MOST_KEYS]),
            )
            yield from answer.get("BaseConfigurationItems", ())

    def aggregate_types(self, aggregator: str) -> list[str]:
        """Types of which an aggregator has resources."""
        token: dict[str, str] = {}
        found = []
        while True:
            answer = self._door.call(
                "get_aggregate_discovered_resource_counts",
                ConfigurationAggregatorName=aggregator,
                GroupByKey="RESOURCE_TYPE",
                **token,
            )
            counts = answer.get("GroupedResourceCounts", ())
            found += [one["GroupName"] for one in counts if one.get("ResourceCount")]
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}

    def _listed(
        self, operation: str, member: str, **parameters: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Everything of a listing: only the token ends it, never an empty page."""
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(operation, **parameters, **token)
            yield from answer.get(member, ())
            following = answer.get("nextToken")
            if not following:
                return
            if token.get("nextToken") == following:
                raise AwsRefused(f"config.{operation} gives the same page for ever.")
            token = {"nextToken": following}


def _recorder(told: Mapping[str, Any], status: Mapping[str, Any]) -> Recorder:
    group = told.get("recordingGroup", {})
    strategy = group.get("recordingStrategy", {}).get("useOnly", "")
    names = group.get("resourceTypes", ())
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", ())
    is_all = group.get("allSupported", False) or strategy.startswith(
        ("ALL_SUPPORTED", "EXCLUSION")
    )
    problem = status.get("lastErrorMessage") or status.get("lastErrorCode") or ""
    return Recorder(
        told.get("name", ""),
        bool(status.get("recording")),
        status.get("lastStatus", ""),
        problem,
        None if is_all else tuple(names),
        tuple(excluded),
        bool(group.get("includeGlobalResourceTypes", True)),
        _daily(told.get("recordingMode", {})),
    )


def _daily(mode: Mapping[str, Any]) -> tuple[str, ...]:
    if mode.get("recordingFrequency") == _DAILY:
        return ("*",)
    found = []
    for one in mode.get("recordingModeOverrides", ()):
        if one.get("recordingFrequency") == _DAILY:
            found += one.get("resourceTypes", ())
    return tuple(found)
