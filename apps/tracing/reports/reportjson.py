"""Parts of reports as the API tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.discovery.cachehooks import CacheRate
from apps.tracing.reports import wording
from apps.tracing.reports.caching import KEEPING_SECONDS, Candidate
from apps.tracing.reports.chattiness import EdgeTalk, Example, Finding


def finding_json(one: Finding) -> dict[str, Any]:
    return {
        "habit": one.habit.value,
        "sentence": wording.sentence(one),
        "source": one.source._asdict(),
        "target": one.target._asdict(),
        "asked": one.asked,
        "requests": one.requests,
        "all_requests": one.all_requests,
        "calls": one.calls,
        "most_calls": one.most_calls,
        "covered_ms": one.covered_us / 1_000,
        "remaining_ms": one.longest_us / 1_000,
        "saved_ms": one.saved_us / 1_000,
        "saved_each_ms": one.saved_each_ms,
        "examples": [_example_json(example) for example in one.examples],
    }


def _example_json(one: Example) -> dict[str, Any]:
    return {
        "trace_id": one.trace_id,
        "span_id": one.span_id,
        "calls": one.calls,
        "saved_ms": one.saved_us / 1_000,
        "request_ms": one.request_us / 1_000,
        "arithmetic": wording.arithmetic(one),
    }


def edge_json(one: EdgeTalk) -> dict[str, Any]:
    return {
        "source": one.source._asdict(),
        "target": one.target._asdict(),
        "requests": one.requests,
        "all_requests": one.all_requests,
        "calls": one.calls,
        "calls_each": one.calls_each,
        "p95_calls": one.percentile(0.95),
        "most_calls": max(one.by_count),
    }


def candidate_json(one: Candidate) -> dict[str, Any]:
    return {
        "source": one.source._asdict(),
        "target": one.target._asdict(),
        "asked": one.asked,
        "calls": one.calls,
        "distinct": one.distinct,
        "mean_ms": one.mean_ms,
        "is_upper_bound": one.is_upper_bound,
        "kept": [
            {"seconds": seconds, "hits": hits, "saved_ms": saved_us / 1_000}
            for seconds, hits, saved_us in zip(
                KEEPING_SECONDS, one.hits, one.saved_us, strict=True
            )
        ],
        "examples": [
            {"trace_id": trace_id, "span_id": span_id}
            for trace_id, span_id in one.examples
        ],
    }


def rate_json(one: CacheRate) -> Mapping[str, Any]:
    return {
        "kind": one.kind,
        "account": one.account,
        "region": one.region,
        "name": one.name,
        "hits": one.hits,
        "misses": one.misses,
        "hit_rate": one.hit_rate,
    }
