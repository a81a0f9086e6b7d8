"""Writes documents in bulk: each id once, every single answer heeded."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import Any

import orjson

from apps.search import arrivals
from apps.search.documents import Document, TooDeep
from apps.search.engines.base import EngineUnavailable, Rejected, WriteCounts
from apps.search.engines.opensearch import mapping
from apps.search.engines.opensearch.cluster import Cluster, Unanswered, reasons_of
from apps.search.engines.opensearch.mapping import Names
from apps.search.engines.opensearch.terms import Indexed, TermWalker
from apps.search.shutdown import stopping
from apps.search.timerange import from_milliseconds

log = logging.getLogger(__name__)

# OpenSearch refuses bodies of 100 MB; a few MB at once are as fast as it gets.
_BULK_DOCUMENTS = 2_000
_BULK_BYTES = 8 << 20
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_GIVE_UP_AFTER_SECONDS = 30.0
_PRIMARY_WITHIN = "10s"
_BULK_SECONDS = 30.0
_MAX_REMEMBERED_PATHS = 200_000
_LONGEST_ID_BYTES = 512

_CREATED, _OK, _CONFLICT, _BAD = 201, 200, 409, 400
# What is the document's own fault. Anything else that is said of one document (a full
# disk, a closed index, too many shards, no permission) is true of all, and may pass.
_FAULTS_OF_DOCUMENT = (
    "mapper_parsing_exception",
    "document_parsing_exception",
    "strict_dynamic_mapping_exception",
    "max_bytes_length_exceeded_exception",
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A document on its way."""

    index: str
    id: str
    body: bytes
    action: bytes = b"create"

    def __len__(self) -> int:
        return len(self.body)


class OpenSearchWriter:
    """The writer of a kind in this process, for any number of threads.

    A bulk request is durable once it is answered; what was added becomes visible at
    the commit. Nothing is ever lost in between.
    """

    def __init__(
        self,
        cluster: Cluster,
        names: Names,
        prepare: Callable[[], None],
        clock_ms: Callable[[], int],
    ) -> None:
        self._cluster = cluster
        self._names = names
        self._prepare = prepare
        self._clock_ms = clock_ms
        self._walker = TermWalker(names.kind)
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._touched: set[str] = set()
        self._known_paths: set[tuple[str, str]] = set()
        self._new_paths: dict[tuple[str, str], str] = {}

    def add(self, documents: Sequence[Document]) -> WriteCounts:
        return self._written(documents, b"create")

    def replace(self, documents: Sequence[Document]) -> WriteCounts:
        return self._written(documents, b"index")

    def _written(self, documents: Sequence[Document], action: bytes) -> WriteCounts:
        self._prepare()
        received_ms = self._clock_ms()
        counts = WriteCounts()
        lines: list[_Line] = []
        size = 0
        for document in documents:
            day = from_milliseconds(document.time_ms).date().isoformat()
            try:
                _check_id(document.id)
                indexed = self._walker.indexed(document, received_ms)
            except (TooDeep, ValueError) as error:
                counts += WriteCounts(rejected=(Rejected(document.id, str(error)),))
                continue
            index = self._names.of_day(day)
            lines.append(_Line(index, document.id, indexed.body, action))
            size += len(indexed.body)
            self._note_paths(day, indexed)
            if len(lines) >= _BULK_DOCUMENTS or size >= _BULK_BYTES:
                counts += self._send(lines)
                lines, size = [], 0
        if lines:
            counts += self._send(lines)
        return counts

    def commit(self) -> None:
        """Raises EngineUnavailable; all that was added is stored even then."""
        # One after the other: whoever returns has seen its documents made visible,
        # by its own refresh or by one that began after they were stored.
        with self._committing:
            with self._lock:
                paths, self._new_paths = self._new_paths, {}
                touched, self._touched = self._touched, set()
            if not touched:
                return
            try:
                self._save_paths(paths)
                self._refresh([*sorted(touched), self._names.paths])
            except EngineUnavailable:
                with self._lock:
                    self._new_paths |= paths
                    self._touched |= touched
                raise
        arrivals.note(self._names.kind.name)

    def forget_paths(self) -> None:
        """Tell the cluster of every path again: it may have lost them."""
        with self._lock:
            self._known_paths.clear()

    def _refresh(self, indexes: Sequence[str]) -> None:
        answer = self._cluster.request(
            "POST", f"/{','.join(indexes)}/_refresh", ignore_unavailable="true"
        )
        failures = reasons_of(answer["_shards"].get("failures", []))
        if failures:
            raise EngineUnavailable(f"OpenSearch cannot show what it took: {failures}")

    def _send(self, lines: list[_Line]) -> WriteCounts:
        """Send until every document is stored or rejected."""
        counts = WriteCounts()
        for waited in _pauses():
            sent = {line.index for line in lines}
            try:
                sorted_out, lines, problem = _sorted_out(lines, self._bulk(lines))
                counts += sorted_out
            except Unanswered as error:
                # What of it was stored answers as its own twin the next time.
                problem = str(error)
            finally:
                # Only now: a commit meanwhile would have refreshed too early.
                with self._lock:
                    self._touched |= sent
            if not lines:
                return counts
            log.info("%d documents are sent again: %s", len(lines), problem)
            if waited is None or stopping.is_set():
                raise EngineUnavailable(
                    f"OpenSearch does not take documents: {problem}"
                )
        raise AssertionError("pauses end with None")

    def _bulk(self, lines: Sequence[_Line]) -> Sequence[Mapping[str, Any]]:
        body = b"".join(
            b'{"%s":{"_index":%s,"_id":%s}}\n%s\n'
            % (line.action, orjson.dumps(line.index), orjson.dumps(line.id), line.body)
            for line in lines
        )
        answer = self._cluster.request(
            "POST",
            "/_bulk",
            body,
            _BULK_SECONDS,
            timeout=_PRIMARY_WITHIN,
            filter_path="items.*.status,items.*.error",
        )
        return [answered for item in answer["items"] for answered in item.values()]

    def _note_paths(self, day: str, indexed: Indexed) -> None:
        for path, declared in indexed.paths.items():
            if (day, path) not in self._known_paths:
                with self._lock:
                    self._known_paths.add((day, path))
                    self._new_paths[day, path] = declared

    def _save_paths(self, paths: Mapping[tuple[str, str], str]) -> None:
        """Remember which paths there are; a twin is there already."""
        lines = [
            _Line(
                self._names.paths,
                f"{day} {blake2b(path.encode('utf-8', 'replace')).hexdigest()[:40]}",
                orjson.dumps(
                    {
                        mapping.DAY: day,
                        mapping.ENTRY: mapping.bounded(f"{declared} {path}"),
                    }
                ),
            )
            for (day, path), declared in paths.items()
        ]
        for start in range(0, len(lines), _BULK_DOCUMENTS):
            counts = self._send(lines[start : start + _BULK_DOCUMENTS])
            if counts.rejected:
                reason = counts.rejected[0].reason
                raise EngineUnavailable(f"OpenSearch refuses a list of paths: {reason}")
        if len(self._known_paths) > _MAX_REMEMBERED_PATHS:
            self._known_paths.clear()


def _check_id(document_id: str) -> None:
    """Raises ValueError where one id would make OpenSearch refuse a whole request."""
    if not 0 < len(document_id.encode("utf-8", "replace")) <= _LONGEST_ID_BYTES:
        raise ValueError(f"an id must have 1 to {_LONGEST_ID_BYTES} bytes")


def _sorted_out(
    lines: Sequence[_Line], answers: Sequence[Mapping[str, Any]]
) -> tuple[WriteCounts, list[_Line], str]:
    """What became of each document: counts, those to send again, and why."""
    new, known, rejected = 0, [], []
    again: list[_Line] = []
    problem = ""
    for line, answer in zip(lines, answers, strict=True):
        status = answer["status"]
        if status in (_CREATED, _OK):
            new += 1
        elif status == _CONFLICT:
            known.append(line.id)
        elif _is_its_own_fault(status, answer):
            rejected.append(Rejected(line.id, reasons_of(answer)))
        else:
            again.append(line)
            problem = f"{status} {reasons_of(answer)} (document {line.id})"
    counts = WriteCounts(new, len(known), tuple(rejected), tuple(known))
    return counts, again, problem


def _is_its_own_fault(status: int, answer: Mapping[str, Any]) -> bool:
    error = answer.get("error", {})
    types = (error.get("type"), error.get("caused_by", {}).get("type"))
    return status == _BAD and any(one in _FAULTS_OF_DOCUMENT for one in types)


def _pauses() -> Iterator[float | None]:
    """Waits longer and longer between two turns; None at the last one."""
    deadline = monotonic() + _GIVE_UP_AFTER_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    yield 0.0
    while monotonic() + pause < deadline:
        # Many writers that were refused at once are not to come back at once.
        stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    yield None
