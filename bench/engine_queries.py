"""One engine's answers to the query set, as JSON: milliseconds cold and warm.

`python -m bench.engine_queries` asks the engine that the settings name. "By hand" are
the same requests, sent to OpenSearch by a plain HTTP client and read as JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import django

django.setup()

import orjson  # noqa: E402 - once Django is set up
import urllib3  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.audit.kinds import TRAIL  # noqa: E402
from apps.search import store  # noqa: E402
from apps.search.engines.base import SearchRequest  # noqa: E402
from apps.search.engines.opensearch.cluster import Cluster  # noqa: E402
from apps.search.language import parse  # noqa: E402
from apps.search.timerange import parse_range  # noqa: E402

TIMES = 40
_HOUR_MS = 3_600_000

Question = Callable[[], object]


def questions() -> dict[str, Question]:
    now, reader = timezone.now(), store.reader()
    week = parse_range("2026-07-01", "2026-07-08", now)

    def asked(query: str = "") -> SearchRequest:
        return SearchRequest(TRAIL, now, parse(query), week)

    def found(query: str) -> Question:
        return lambda: (reader.find(asked(query), 100), reader.count(asked(query)))

    def facets(query: str, *paths: str) -> Question:
        return lambda: reader.facets(asked(query), paths, 10)

    return {
        "newest 100": lambda: reader.find(asked(), 100),
        "a term with its count": found("eventName:AssumeRole"),
        "a phrase": found('"lang/python#3.14"'),
        "a nested path": found("requestParameters.bucketName:shop-cart-prod"),
        "a range of addresses": found("sourceIPAddress:10.0.0.0/8"),
        "histogram by errorCode": lambda: reader.histogram(
            asked(), 2 * _HOUR_MS, "errorCode"
        ),
        "two facets": facets("", "eventName", "errorCode"),
        "a facet of an undeclared path": facets("", "requestParameters.bucketName"),
        "the same, filtered": facets("errorCode:*", "requestParameters.bucketName"),
        "an infix wildcard": found("*ssume*"),
        "an infix wildcard of a field": found("userAgent:*otocor*"),
    }


def forget(folder: Path) -> None:
    """Have the system forget what it holds of these files, as after a restart."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    for url in settings.OPENSEARCH_URLS:
        request = urllib.request.Request(f"{url}/_cache/clear", b"", method="POST")
        urllib.request.urlopen(request).close()


def milliseconds(work: Question) -> float:
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1_000


def summary(taken: Sequence[float]) -> dict[str, float]:
    return {
        "p50": statistics.median(taken),
        "p95": statistics.quantiles(taken, n=20)[-1],
    }


class Recorder:
    """Notes the requests that an engine sends, to send them again by hand."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any], bytes]] = []
        self._request = Cluster.request

    def of(self, work: Question) -> list[tuple[str, str, dict[str, Any], bytes]]:
        recorder = self

        def request(
            cluster: Cluster,
            method: str,
            path: str,
            body: object = None,
            seconds: float = 60.0,
            **params: Any,
        ) -> Any:
            recorder.sent.append((method, path, params, orjson.dumps(body)))
            return recorder._request(cluster, method, path, body, seconds, **params)

        self.sent = []
        Cluster.request = request  # type: ignore[method-assign,assignment]
        try:
            work()
        finally:
            Cluster.request = self._request  # type: ignore[method-assign]
        return self.sent


def by_hand(
    pool: urllib3.PoolManager, sent: Sequence[tuple[str, str, dict[str, Any], bytes]]
) -> Question:
    base = settings.OPENSEARCH_URLS[0]

    def send() -> None:
        for method, path, params, body in sent:
            query = "&".join(f"{name}={value}" for name, value in params.items())
            answer = pool.request(
                method,
                f"{base}{path}?{query}",
                body=body,
                headers={"Content-Type": "application/json"},
            )
            orjson.loads(answer.data)

    return send


def main(folder: Path) -> None:
    answers: dict[str, dict[str, float]] = {}
    pool, recorder = urllib3.PoolManager(), Recorder()
    for name, work in questions().items():
        forget(folder)
        answers[name] = {"cold": milliseconds(work)}
        work()
        if not settings.OPENSEARCH_URLS:
            answers[name] |= summary([milliseconds(work) for _ in range(TIMES)])
            continue
        hand = by_hand(pool, recorder.of(work))
        hand()
        # In turns, so that what else happens on the machine happens to both.
        pairs = [(milliseconds(work), milliseconds(hand)) for _ in range(TIMES)]
        ours, theirs = zip(*pairs, strict=True)
        answers[name] |= summary(ours)
        answers[name] |= {f"hand {at}": ms for at, ms in summary(theirs).items()}
    print(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
