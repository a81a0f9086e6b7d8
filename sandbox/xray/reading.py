"""BatchGetTraces and GetTraceSummaries."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import FaultKind
from sandbox.xray.filterlanguage import Node
from sandbox.xray.groups import checked
from sandbox.xray.matching import Matching
from sandbox.xray.pages import position_of, refused, time_range, token_of
from sandbox.xray.places import Place, Places
from sandbox.xray.segments import Document, trace_id_of, trace_key
from sandbox.xray.settings import Settings
from sandbox.xray.store import Position, Store, TimeRangeType, TraceRecord
from sandbox.xray.summaries import Summary
from sandbox.xray.traces import compile_trace

_MOST_TRACES = 5
_MOST_HOURS = 24
_SCANNED_A_PAGE = 1_000
_SUMMARIES_A_PAGE = 200
_SAMPLED = 1_000
_SPREAD, _RANGE = 2_654_435_761, 1 << 32  # 2**32 by the golden ratio spreads numbers


class Reading:
    """Answers with traces and their summaries."""

    def __init__(
        self,
        cloud: Cloud,
        stores: Places[Store],
        matching: Matching,
        settings: Settings,
    ) -> None:
        self._cloud = cloud
        self._stores = stores
        self._matching = matching
        self._settings = settings
        self.operations: Mapping[str, Handler] = {
            "BatchGetTraces": self._batch,
            "GetTraceSummaries": self._summaries,
        }

    def _batch(self, call: Call) -> Answer:
        wanted = asked_traces(call)
        struck = self._cloud.faults.strike(
            FaultKind.PARTIAL, "xray.BatchGetTraces", call.account, call.now
        )
        taken = wanted[: len(wanted) // 2] if struck else wanted
        if not self._settings.indexes(call.place):
            taken = []
        store = self._stores[call.place]
        numbers = store.numbers_of(taken)
        records = store.records(list(numbers.values()))
        return {
            "Traces": [_trace(record, call.account) for record in records],
            "UnprocessedTraceIds": [i for i in wanted if i not in numbers],
        }

    def _summaries(self, call: Call) -> Answer:
        start, end = time_range(call.parameters, _MOST_HOURS)
        measure = TimeRangeType(call.parameters.get("TimeRangeType") or "TraceId")
        expression = call.parameters.get("FilterExpression")
        node = checked(expression) if expression else None
        before = position_of(call.parameters.get("NextToken"))
        found = self._stores[call.place].between(start, end, measure)
        positions = _sampled(found, call.parameters)
        if before is not None:
            # The latest come first: the key goes from 0 to 1 where this page begins.
            begin = bisect_left(positions, 1, key=lambda p: int(list(p) < before))
            positions = positions[begin:]
        summaries, scanned = self._page(call.place, positions, measure, node)
        answer: dict[str, Any] = {
            "TraceSummaries": summaries,
            "TracesProcessedCount": scanned,
            "ApproximateTime": positions[0][0] if positions else start,
        }
        if scanned < len(positions):
            answer["NextToken"] = token_of(positions[scanned - 1])
        return answer

    def _page(
        self,
        place: Place,
        positions: Sequence[Position],
        measure: TimeRangeType,
        node: Node | None,
    ) -> tuple[list[Summary], int]:
        """Summaries that match, and how many traces were looked at for them."""
        found: list[Summary] = []
        scanned = 0
        numbers = [number for _, number in positions[:_SCANNED_A_PAGE]]
        for record, subject in self._matching.subjects(place, numbers):
            scanned += 1
            if node is None or subject.matches(node):
                summary = subject.summary
                if measure is TimeRangeType.EVENT:
                    summary = {**summary, "MatchedEventTime": record.updated}
                found.append(summary)
            if len(found) >= _SUMMARIES_A_PAGE:
                break
        return found, scanned


def asked_traces(call: Call) -> list[str]:
    """TraceIds in X-Ray's form. Raises for more than X-Ray takes, and for no ids."""
    wanted: list[str] = call.parameters["TraceIds"]
    if len(wanted) > _MOST_TRACES:
        raise refused(f"TraceIds cannot contain more than {_MOST_TRACES} trace IDs")
    made: dict[str, None] = {}
    for trace_id in wanted:
        key = trace_key(trace_id)
        if key is None:
            raise refused(f"Invalid trace ID: {trace_id}")
        made[trace_id_of(key)] = None
    return list(made)


def _sampled(
    positions: list[Position], parameters: Mapping[str, Any]
) -> list[Position]:
    """A subset, the same each time it is asked for."""
    if not parameters.get("Sampling"):
        return positions
    strategy = parameters.get("SamplingStrategy") or {}
    rate = strategy.get("Value", min(1.0, _SAMPLED / max(len(positions), 1)))
    if strategy.get("Name") == "PartialScan":
        return positions[: round(len(positions) * rate)]
    return [p for p in positions if p[1] * _SPREAD % _RANGE < rate * _RANGE]


def _trace(record: TraceRecord, account: str) -> dict[str, Any]:
    trace = compile_trace(record.texts, account)

    def text(segment: Document) -> str:
        sent = trace.texts.get(segment["id"])
        return (sent or orjson.dumps(segment)).decode()

    return {
        "Id": record.id,
        "Duration": trace.duration,
        "LimitExceeded": record.limit_exceeded,
        "Segments": [
            {"Id": segment["id"], "Document": text(segment)}
            for segment in trace.everything
        ],
    }
