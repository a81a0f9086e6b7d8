"""The document engine on an OpenSearch cluster: any number of processes may write."""

import threading
import time
from collections.abc import Callable, Sequence
from time import monotonic

import orjson

from apps.search.engines.base import EngineUnavailable
from apps.search.engines.opensearch import mapping
from apps.search.engines.opensearch.answers import missing_shards
from apps.search.engines.opensearch.cluster import Address, Cluster, reasons_of
from apps.search.engines.opensearch.mapping import Names
from apps.search.engines.opensearch.reader import OpenSearchReader
from apps.search.engines.opensearch.writer import OpenSearchWriter
from apps.search.kinds import Kind

# A cluster that was made anew has lost its templates: they are put there again.
_PREPARE_EVERY_SECONDS = 60.0
_HEALTH_SECONDS = 5.0
_DELETED_AT_ONCE = 5_000
_DISK_IS_FULL = "index.blocks.read_only_allow_delete"
_DELETED = (200, 404)


class OpenSearchEngine:
    def __init__(
        self,
        address: Address,
        kinds: Sequence[Kind],
        prefix: str,
        shards: int = 1,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._cluster = Cluster(address)
        self._kinds = kinds
        self._prefix = prefix
        self._shards = shards
        self._reader = OpenSearchReader(self._cluster, self._names)
        self._writers = {
            kind.name: OpenSearchWriter(
                self._cluster, self._names(kind), self._prepare, clock_ms
            )
            for kind in kinds
        }
        self._lock = threading.Lock()
        self._prepared_at: float | None = None

    @property
    def reader(self) -> OpenSearchReader:
        return self._reader

    def writer(self, kind: Kind) -> OpenSearchWriter:
        return self._writers[kind.name]

    def drop_day(self, kind: Kind, day: str) -> int:
        names = self._names(kind)
        index = names.of_day(day)
        # First, so that a drop that is interrupted is done whole the next time.
        self._drop_paths(names, day)
        self._writers[kind.name].forget_paths()
        counted = self._cluster.request_if_there("GET", f"/{index}/_count")
        if counted is None:
            return 0
        self._cluster.request_if_there("DELETE", f"/{index}")
        return int(counted["count"])

    def settle(self, kind: Kind) -> None:
        self._cluster.request(
            "POST",
            f"/{self._names(kind).every_day}/_refresh",
            allow_no_indices="true",
        )

    def prepare(self, kind: Kind) -> None:
        """Scans read what is stored."""

    def problem(self) -> str | None:
        """Asks as a search does, so that it knows what a search would meet."""
        indexes = [self._names(kind).every_day for kind in self._kinds]
        try:
            answer = self._cluster.search(
                indexes, {"size": 0, "track_total_hits": False}, _HEALTH_SECONDS
            )
            blocks = self._cluster.request(
                "GET",
                f"/{','.join(indexes)}/_settings/index.blocks.*",
                seconds=_HEALTH_SECONDS,
                flat_settings="true",
                allow_no_indices="true",
            )
        except EngineUnavailable as error:
            return str(error)
        missing = missing_shards(answer)
        if missing:
            return missing
        blocked = sorted(
            name
            for name, found in blocks.items()
            if found["settings"].get(_DISK_IS_FULL) == "true"
        )
        if blocked:
            return (
                f"OpenSearch does not take documents into {', '.join(blocked)[:200]}: "
                f"{_DISK_IS_FULL}. Its disks are full, or were."
            )
        return None

    def close(self) -> None:
        """Nothing is left to write: every bulk request was answered."""

    def _names(self, kind: Kind) -> Names:
        return Names(self._prefix, kind)

    def _prepare(self) -> None:
        """Make sure that indexes will be made as they have to be."""
        with self._lock:
            now, last = monotonic(), self._prepared_at
            if last is not None and now - last < _PREPARE_EVERY_SECONDS:
                return
            for kind in self._kinds:
                names = self._names(kind)
                templates = {
                    f"{self._prefix}-{kind.name}": mapping.template(
                        names, self._shards
                    ),
                    f"{self._prefix}-paths-{kind.name}": mapping.paths_template(names),
                }
                for name, body in templates.items():
                    self._cluster.request("PUT", f"/_index_template/{name}", body)
                self._writers[kind.name].forget_paths()
            self._prepared_at = now

    def _drop_paths(self, names: Names, day: str) -> None:
        """Remove what is remembered of a day's paths, without delete_by_query: not
        every OpenSearch has it."""
        body = {
            "size": _DELETED_AT_ONCE,
            "query": {"term": {mapping.DAY: day}},
            "_source": False,
        }
        while True:
            answer = self._cluster.search([names.paths], body, _HEALTH_SECONDS)
            ids = [hit["_id"] for hit in answer["hits"]["hits"]]
            if not ids:
                return
            lines = [{"delete": {"_index": names.paths, "_id": one}} for one in ids]
            done = self._cluster.request(
                "POST", "/_bulk", _ndjson(lines), refresh="true"
            )
            failed = [
                item["delete"]
                for item in done["items"]
                if item["delete"]["status"] not in _DELETED
            ]
            if failed:
                raise EngineUnavailable(
                    f"OpenSearch does not delete the paths of {day}: "
                    f"{reasons_of(failed[0])}"
                )


def _ndjson(lines: Sequence[object]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
