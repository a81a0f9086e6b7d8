"""Runs one search per day on a few threads, within a time limit.

Tantivy releases Python's lock while it searches, so days run side by side. A day
that runs cannot be stopped; days that have not begun when time is up never begin.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from typing import Generic, TypeVar

from apps.search.engines.base import EngineUnavailable, QueryTooBroad

T = TypeVar("T")
R = TypeVar("R")

_POOL = ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2))
_TOO_BROAD = ("exceeded", "size limit", "memory")


@dataclass(frozen=True, slots=True)
class Answers(Generic[R]):
    """The answers that came in time, in order, and a sentence if some did not."""

    values: list[R]
    partial: str | None


def in_time(work: Callable[[T], R], parts: Sequence[T], seconds: float) -> Answers[R]:
    """`work` of every part, as far as `seconds` reach.

    Raises QueryTooBroad, or EngineUnavailable where an index cannot be read.
    """
    deadline = time.monotonic() + seconds
    futures = [_POOL.submit(work, part) for part in parts]
    values: list[R] = []
    try:
        values.extend(_result(one, deadline - time.monotonic()) for one in futures)
    except Late:
        return Answers(
            values,
            f"The time limit of {seconds:g} s was reached after {len(values)} of "
            f"{len(parts)} days. Narrow the time range or the query.",
        )
    except ValueError as error:
        raise _explained(error) from error
    finally:
        for future in futures:
            future.cancel()
    return Answers(values, None)


def _result(future: Future[R], seconds: float) -> R:
    """Raises Late, even for what is there, once no time is left."""
    if seconds <= 0:
        raise Late
    return future.result(seconds)


def _explained(error: ValueError) -> Exception:
    if any(sign in str(error) for sign in _TOO_BROAD):
        return QueryTooBroad(
            "The query matches too many different words or values. "
            "Add letters to its wildcards or narrow the time range."
        )
    return EngineUnavailable(f"The search index could not be read: {error}")
