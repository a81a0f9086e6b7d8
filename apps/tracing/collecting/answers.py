"""What X-Ray answers, as records of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.discovery.traceids import begun, normal

Told = Mapping[str, Any]
_KEPT_BY_AWS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A trace as lists have it. `changed_at`: when it was last updated, as far as is
    told. `revision` grows with each update; 0 where none is told."""

    trace_id: str
    started_at: datetime
    changed_at: datetime
    revision: int
    is_partial: bool


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """A page of a list; `token` asks for the next one, "" where there is none.
    `scanned`: traces that were looked at for it, which is what AWS charges for."""

    summaries: Sequence[TraceSummary]
    token: str
    scanned: int


@dataclass(frozen=True, slots=True)
class SegmentText:
    """A segment document as its sender wrote it, or as X-Ray inferred it."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class FetchedTrace:
    """`is_cut`: the trace was larger than X-Ray keeps, 500 KB, and is not whole."""

    trace_id: str
    segments: Sequence[SegmentText]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """Traces that were asked for, and the ids that were not answered."""

    traces: Sequence[FetchedTrace]
    unprocessed: Sequence[str]
    calls: int = 1


@dataclass(frozen=True, slots=True)
class SamplingRecord:
    """A sampling rule. `rate` is from 0 to 1, beyond the first `reservoir` requests a
    second. `attributes` must have these values, which may hold * and ?."""

    name: str
    priority: int
    rate: float
    reservoir: int
    service_name: str
    service_type: str
    host: str
    method: str
    path: str
    resource_arn: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group of traces; without an expression, every trace is in it."""

    name: str
    expression: str
    arn: str = ""


def page_of(answer: Told, asked_from: datetime) -> SummaryPage:
    """A page of GetTraceSummaries, of traces from `asked_from` on."""
    return SummaryPage(
        [_summary(one, asked_from) for one in answer.get("TraceSummaries", ())],
        answer.get("NextToken") or "",
        answer.get("TracesProcessedCount", 0),
    )


def _summary(told: Told, asked_from: datetime) -> TraceSummary:
    trace_id = told["Id"]
    start = told.get("StartTime") or _named_start(trace_id, asked_from)
    ended = start + timedelta(seconds=max(0.0, told.get("Duration", 0.0)))
    return TraceSummary(
        trace_id,
        start.astimezone(UTC),
        (told.get("MatchedEventTime") or ended).astimezone(UTC),
        told.get("Revision", 0),
        told.get("IsPartial", False),
    )


def _named_start(trace_id: str, asked_from: datetime) -> datetime:
    """The start that an id names, which nobody checks: it counts where it may be."""
    if normal(trace_id) != trace_id or abs(begun(trace_id) - asked_from) > _KEPT_BY_AWS:
        return asked_from
    return begun(trace_id)


def fetched_of(answer: Told) -> Fetched:
    """An answer of BatchGetTraces. Segments that tell no document are left out."""
    return Fetched(
        [
            FetchedTrace(
                trace["Id"],
                [
                    SegmentText(one.get("Id", ""), one["Document"])
                    for one in trace.get("Segments", ())
                    if one.get("Document")
                ],
                trace.get("LimitExceeded", False),
            )
            for trace in answer.get("Traces", ())
        ],
        list(answer.get("UnprocessedTraceIds", ())),
    )


def rules_of_answer(answer: Told) -> Iterable[SamplingRecord]:
    """The rules of a page of GetSamplingRules."""
    for record in answer.get("SamplingRuleRecords", ()):
        rule = record.get("SamplingRule", {})
        yield SamplingRecord(
            rule.get("RuleName", ""),
            rule.get("Priority", 0),
            rule.get("FixedRate", 0.0),
            rule.get("ReservoirSize", 0),
            rule.get("ServiceName", "*"),
            rule.get("ServiceType", "*"),
            rule.get("Host", "*"),
            rule.get("HTTPMethod", "*"),
            rule.get("URLPath", "*"),
            rule.get("ResourceARN", "*"),
            dict(rule.get("Attributes", {})),
        )


def groups_of_answer(answer: Told) -> Iterable[GroupRecord]:
    """The groups of a page of GetGroups."""
    for group in answer.get("Groups", ()):
        expression = group.get("FilterExpression", "")
        yield GroupRecord(group["GroupName"], expression, group.get("GroupARN", ""))
