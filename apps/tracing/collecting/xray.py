"""The door to X-Ray. PERMISSIONS names every action used here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.discovery.aws import Door, Target
from apps.tracing.collecting.answers import (
    Fetched,
    FetchedTrace,
    GroupRecord,
    SamplingRecord,
    SummaryPage,
    fetched_of,
    groups_of_answer,
    page_of,
    rules_of_answer,
)
from apps.tracing.collecting.graphs import ServiceGraph, graph_of

PERMISSIONS = (
    "xray:BatchGetTraces",
    "xray:GetGroups",
    "xray:GetSamplingRules",
    "xray:GetServiceGraph",
    "xray:GetTraceSegmentDestination",
    "xray:GetTraceSummaries",
)
TRACES_A_CALL = 5
LONGEST_LIST = timedelta(hours=24)
LONGEST_GRAPH = timedelta(hours=6)
_AGAIN = 3
"""So often are ids asked for once more that an answer left out."""


class Times(StrEnum):
    """By what a trace is in a range of time: when it began, or was last updated."""

    STARTED = "TraceId"
    CHANGED = "Event"


class XRay:
    """Traces of one account and region. Every method raises the errors of
    apps.discovery.aws."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "xray")

    def summaries(
        self, since: datetime, until: datetime, by: Times, token: str = ""
    ) -> SummaryPage:
        """A page of what is in a range of at most a day, both ends included; it may be
        empty and not be the last. X-Ray hears whole seconds: the range is widened."""
        parameters: dict[str, Any] = {"NextToken": token} if token else {}
        answer = self._door.call(
            "get_trace_summaries",
            StartTime=_second(math.floor(since.timestamp())),
            EndTime=_second(math.ceil(until.timestamp())),
            TimeRangeType=by.value,
            Sampling=False,
            **parameters,
        )
        return page_of(answer, since)

    def traces(self, trace_ids: Sequence[str]) -> Fetched:
        """Whole traces. What an answer leaves out is asked for again some times."""
        found: dict[str, FetchedTrace] = {}
        missing, calls = list(dict.fromkeys(trace_ids)), 0
        for _ in range(1 + _AGAIN):
            before = len(missing)
            for at in range(0, len(missing), TRACES_A_CALL):
                calls += 1
                some = missing[at : at + TRACES_A_CALL]
                answer = fetched_of(self._all_of(some))
                found |= {trace.trace_id: trace for trace in answer.traces}
            missing = [one for one in missing if one not in found]
            if not missing or len(missing) == before:
                break
        return Fetched(list(found.values()), missing, calls)

    def _all_of(self, trace_ids: Sequence[str]) -> dict[str, Any]:
        """The answer for up to five traces, all its pages as one."""
        whole: dict[str, Any] = {"Traces": [], "UnprocessedTraceIds": []}
        for page in self._pages("batch_get_traces", TraceIds=list(trace_ids)):
            for name, items in whole.items():
                items.extend(page.get(name, ()))
        return whole

    def graph(self, since: datetime, until: datetime) -> ServiceGraph:
        """The service graph of a window of any length: asked for in slices, each of
        them whole before its references are followed."""
        slices = []
        while since < until:
            end = min(since + LONGEST_GRAPH, until)
            services: list[Any] = []
            for page in self._pages("get_service_graph", StartTime=since, EndTime=end):
                services += page.get("Services", ())
            slices.append(graph_of(services))
            since = end
        return ServiceGraph.merged(slices)

    def sampling_rules(self) -> list[SamplingRecord]:
        pages = self._pages("get_sampling_rules")
        return [rule for page in pages for rule in rules_of_answer(page)]

    def groups(self) -> list[GroupRecord]:
        pages = self._pages("get_groups")
        return [group for page in pages for group in groups_of_answer(page)]

    def has_transaction_search(self) -> bool:
        """Whether spans go to CloudWatch Logs first; then only those that are indexed
        are found here."""
        answer = self._door.call("get_trace_segment_destination")
        return answer.get("Destination") == "CloudWatchLogs"

    def _pages(self, operation: str, **parameters: Any) -> Iterator[Any]:
        """Every page, each at the pace of the operation; only the token ends them."""
        token = ""
        while True:
            more = {"NextToken": token} if token else {}
            page = self._door.call(operation, **parameters, **more)
            yield page
            token = page.get("NextToken") or ""
            if not token:
                return


def _second(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
