"""What every answer of a search says about itself: whether it is the whole truth."""

from collections.abc import Mapping
from typing import Any

from apps.search.engines.base import SearchRequest, too_complex
from apps.search.engines.opensearch.cluster import (
    is_too_broad,
    reasons_of,
)

Answer = Mapping[str, Any]


def partial_of(answer: Answer, request: SearchRequest) -> str | None:
    """Why an answer does not cover everything, in a sentence; None where it does.

    Raises QueryTooBroad where shards failed because the query was too much for them.
    """
    if answer.get("timed_out"):
        return late(request)
    return missing_shards(answer)


def missing_shards(answer: Answer) -> str | None:
    """Which part of the shards gave no answer, in a sentence; None where all did.

    A shard without any copy is missing without being counted as failed. Raises
    QueryTooBroad where shards failed because the query was too much for them.
    """
    shards = answer["_shards"]
    missing = shards["total"] - shards["successful"]
    if not missing:
        return None
    reasons = reasons_of(shards.get("failures", []))
    if is_too_broad(reasons):
        raise too_complex()
    return (
        f"{missing} of {shards['total']} shards of the OpenSearch cluster did not "
        f"answer: {reasons[:300] or 'no copy of them is available'}."
    )


def late(request: SearchRequest) -> str:
    return (
        f"The time limit of {request.seconds:g} s was reached before everything was "
        "searched. Narrow the time range or the query."
    )


def total_of(answer: Answer) -> int:
    return int(answer["hits"]["total"]["value"])
