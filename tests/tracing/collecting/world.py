"""A shop whose services send segments to the sandbox's X-Ray, a Trailmap that reads
them, and the truth: what the sandbox itself says of every trace and edge."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.search import store
from apps.tracing.collecting.collector import collect
from apps.tracing.collecting.scopes import due_scopes
from apps.tracing.maps.reading import read
from apps.tracing.models import Trace, TraceReread, TraceScope, TraceWindow
from apps.tracing.spans import outlines
from sandbox.assembly import Sandbox
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.xray import XRay

Document = dict[str, Any]
Edges = dict[tuple[str, str, str, str, bool], tuple[int, int, int, int]]
"""Calls, errors, faults and throttles, by both ends' types and names, and whether
they are messages."""
PLACE = (SHOP, HOME_REGION)
_ECS, _LAMBDA = "AWS::ECS::Container", "AWS::Lambda::Function"


class World:
    """Time passes only here."""

    def __init__(self, sandbox: Sandbox, seed: int = 5) -> None:
        self.sandbox = sandbox
        self.cloud = sandbox.cloud
        clock = self.cloud.clock
        assert isinstance(clock, SetClock)
        self.clock = clock
        self.begin = clock.now()
        self._random = random.Random(seed)  # noqa: S311 - decides what happens
        self.client = self.cloud.client("xray", *PLACE, "tests.amazonaws.com")
        self._waiting: list[tuple[float, Document]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    @property
    def scope(self) -> TraceScope:
        return TraceScope.objects.select_related("account").get(
            account=SHOP, region=HOME_REGION
        )

    def strike(self, kind: str, where: str, **how: Any) -> Fault:
        return self.cloud.faults.add(Fault(FaultKind(kind), where, **how))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.cloud.timers.run_due()
        now = self.clock.now()
        due = [one for at, one in self._waiting if at <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        self.send(due)

    def send(self, documents: Iterable[Document]) -> None:
        texts = [json.dumps(one) for one in documents]
        for at in range(0, len(texts), 50):
            self.client.put_trace_segments(TraceSegmentDocuments=texts[at : at + 50])

    def happens(self, traces: int, *, late: bool = False) -> None:
        """Requests that were just answered. Late ones leave out segments that come
        some minutes later, and tell of some that are still in progress."""
        for _ in range(traces):
            documents = self._request()
            if late and self._random.random() < 0.5:
                documents = list(self._kept_back(documents))
            self.send(documents)

    def _kept_back(self, documents: Iterable[Document]) -> Iterable[Document]:
        for one in documents:
            at = self.clock.now() + self._random.choice((20, 90, 700))
            if self._random.random() < 0.5:
                self._waiting.append((at, one))
                if self._random.random() < 0.5:
                    yield _in_progress(one)
            else:
                yield one

    def _request(self) -> list[Document]:
        """A request through a gateway to orders, which call a table and a queue, whose
        consumer begins later."""
        start = self.clock.now() - self._random.uniform(1, 5)
        trace = f"1-{int(start):08x}-{self._random.getrandbits(96):024x}"
        code = self._random.choice((200, 200, 200, 404, 429, 500))

        def entity(name: str, at: float, seconds: float, **more: Any) -> Document:
            times = {"start_time": start + at, "end_time": start + at + seconds}
            return {"id": f"{self._random.getrandbits(64):016x}", "name": name} | (
                times | more
            )

        status = {"http": {"response": {"status": code}}, **_flags(code)}
        table = {"namespace": "aws", "aws": {"table_name": "stock"}}
        queue_url = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"
        queue = {"namespace": "aws", "aws": {"queue_url": queue_url}}
        reads = entity("DynamoDB", 0.2, 0.05, **table)
        sends = entity("SQS", 0.3, 0.05, **queue)
        calls = entity("orders", 0.1, 0.4, namespace="remote", **status)
        web = {"trace_id": trace, "origin": _ECS}
        root = entity("web", 0, 0.6, subsegments=[calls], **web, **status)
        orders = entity("orders", 0.15, 0.3, parent_id=calls["id"], **web, **status) | {
            "subsegments": [reads, sends]
        }
        consumer = {"trace_id": trace, "origin": _LAMBDA, "parent_id": sends["id"]}
        return [root, orders, entity("ship", 0.8, 0.1, **consumer)]

    def collect(self) -> str:
        """What workers do when the clock ticks; the problem that the scope has."""
        for scope_id in due_scopes(self.now()):
            collect(scope_id, store.engine(), self.now)
        return self.scope.problem

    def settle(self, hours: int = 2, work: Callable[[], object] | None = None) -> None:
        """Time passes until nothing is to be done any more."""
        work = work or self.collect
        for _ in range(hours * 60):
            self.pass_time(60)
            if self._has_work():
                work()
        work()

    def _has_work(self) -> bool:
        now = self.now()
        return (
            TraceReread.objects.filter(due_at__lte=now).exists()
            or TraceWindow.objects.exists()
            or now.minute % 20 == 0
        )

    def truth(self) -> dict[str, dict[str, str]]:
        """The documents of every trace that X-Ray has, by the ids of segments;
        without those that it inferred."""
        store = self.sandbox.one(XRay)._ingestion._stores[PLACE]  # noqa: SLF001
        ids = [store.records([n])[0].id for n in range(len(store.revisions()))]
        found: dict[str, dict[str, str]] = {}
        for at in range(0, len(ids), 5):
            answer = self.client.batch_get_traces(TraceIds=ids[at : at + 5])
            for trace in answer["Traces"]:
                documents = [json.loads(one["Document"]) for one in trace["Segments"]]
                found[trace["Id"]] = dict(
                    pair
                    for one in documents
                    if not one.get("inferred")
                    for pair in _entities(one)
                )
        return found

    def stored(self) -> dict[str, dict[str, str]]:
        """The same of what Trailmap has."""
        return {
            row.trace_id: {
                span.id: _told(span.name, span.start_us, span.end_us)
                for span in outlines.unpacked(row.trace_id, bytes(row.outline))
                if not span.is_inferred
            }
            for row in Trace.objects.all()
        }

    def graph(self, since: datetime, until: datetime) -> Edges:
        """GetServiceGraph of the sandbox, asked for without our door."""
        answer = self.client.get_service_graph(StartTime=since, EndTime=until)
        services = {one["ReferenceId"]: one for one in answer["Services"]}
        found: Edges = {}
        for service in services.values():
            for edge in service["Edges"]:
                target = services[edge["ReferenceId"]]
                figures = edge["SummaryStatistics"]
                errors = figures["ErrorStatistics"]
                key = (
                    service.get("Type", ""),
                    service["Name"],
                    target.get("Type", ""),
                    target["Name"],
                    edge.get("EdgeType") == "link",
                )
                found[key] = (
                    figures["TotalCount"],
                    errors["TotalCount"],
                    figures["FaultStatistics"]["TotalCount"],
                    errors["ThrottleCount"],
                )
        return found

    def map(self, since: datetime, until: datetime) -> Edges:
        """Ours of the same window."""
        return {
            (
                edge.source.type,
                edge.source.name,
                edge.target.type,
                edge.target.name,
                edge.is_async,
            ): (
                edge.figures.calls,
                edge.figures.errors,
                edge.figures.faults,
                edge.figures.throttles,
            )
            for edge in read(since.timestamp(), until.timestamp()).edges
        }

    def check(self) -> None:
        """Everything that X-Ray has is stored, as it is now, and the map is X-Ray's in
        windows of any length."""
        stored, truth = self.stored(), self.truth()
        assert stored.keys() == truth.keys(), stored.keys() ^ truth.keys()
        for trace_id, spans in truth.items():
            assert stored[trace_id] == spans, (stored[trace_id], spans)
        first = datetime.fromtimestamp(self.begin // 60 * 60 - 600, UTC)
        last = self.now().replace(second=0, microsecond=0)
        whole = min(last, first + timedelta(hours=6))
        for since, until in (
            (first, whole),
            (first, first + timedelta(minutes=12)),
            (first + timedelta(minutes=11), first + timedelta(minutes=14)),
        ):
            told = differences(self.map(since, until), self.graph(since, until))
            assert told == {}, told
        assert self.graph(first, whole)


def differences(ours: Edges, theirs: Edges) -> dict[Any, Any]:
    """Edges that two maps tell differently, with what each tells."""
    keys = ours.keys() | theirs.keys()
    pairs = {key: (ours.get(key), theirs.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _flags(code: int) -> dict[str, bool]:
    return {
        "fault": code >= 500,
        "error": 400 <= code < 500,
        "throttle": code == 429,
    }


def _in_progress(document: Document) -> Document:
    kept = {name: value for name, value in document.items() if name != "subsegments"}
    del kept["end_time"]
    return kept | {"in_progress": True}


def _entities(document: Document) -> Iterable[tuple[str, str]]:
    end = document.get("end_time")
    yield (
        document["id"],
        _told(
            document["name"],
            round(document["start_time"] * 1_000_000),
            None if end is None else round(end * 1_000_000),
        ),
    )
    for inner in document.get("subsegments", ()):
        yield from _entities(inner)


def _told(name: str, start_us: int, end_us: int | None) -> str:
    return f"{name} from {start_us} to {end_us}"
