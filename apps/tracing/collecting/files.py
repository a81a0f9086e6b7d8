"""Files of traces, as importers read them: X-Ray's segment documents, Zipkin's JSON
and OTLP's, gzipped or not, in memory that does not grow with the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from apps.discovery.accounts import note_batch
from apps.search.documents import JsonObject
from apps.search.engines.base import DocumentEngine
from apps.search.gunzip import inflated
from apps.search.importers import CannotReopen, Options
from apps.search.intake import Batch, Broken, Intake
from apps.tracing.collecting.delivery import fetched_account, fetched_again
from apps.tracing.kinds import SPANS
from apps.tracing.spans import otlp, otlpbinary, segmentfiles, zipkin
from apps.tracing.spans.ingestion import SpanIntake, SpanPortion
from apps.tracing.spans.jsonvalues import EXCERPT_BYTES, JsonValues, Value
from apps.tracing.spans.span import Span
from apps.tracing.spans.values import InvalidSpan, account_of

_AT_ONCE = 2_000
_CHUNK_BYTES = 1 << 20
_POSTED = "post://"
_NO_OPENING = re.compile(r"(?!)")

Found = Iterator[Span | InvalidSpan]
"""The spans in a value, and what of it cannot be read."""


class SpanFiles:
    """What importers of traces have in common."""

    kind = SPANS
    choices: Mapping[str, str] = MappingProxyType(
        {
            "account": "the account of spans that name none",
            "region": "the region of spans that name none",
        }
    )
    holds = ""
    suffixes: tuple[str, ...] = (".json", ".jsonl", ".ndjson", ".log", ".txt", ".gz")
    opening = _NO_OPENING
    marks: frozenset[str] = frozenset()

    def check(self, options: Options) -> None:
        """Raises ValueError."""
        account = options.get("account", "")
        if account and not account_of(account):
            raise ValueError(f"an account is 12 digits, and {account} is not")

    def is_wanted(self, name: str) -> bool:
        return name.endswith(self.suffixes)

    def order(self, name: str) -> str:
        return name

    def account_of(self, origin: str, options: Options) -> str:
        return options.get("account", "")

    def read(
        self, origin: str, chunks: Iterable[bytes], options: Options
    ) -> Iterator[SpanPortion]:
        """Raises OtherContent, and what the chunks raise."""
        portion, read_us = SpanPortion(), _last_change(origin)
        for one in self._values(inflated(chunks)):
            if isinstance(one, Broken):
                portion.broken.append(one)
            else:
                _add(portion, one, self._spans(one.value, options))
            if len(portion.spans) >= _AT_ONCE:
                yield _dated(portion, read_us)
                portion = SpanPortion()
        yield _dated(portion, read_us)

    def _values(self, pieces: Iterable[bytes]) -> Iterator[Value | Broken]:
        return iter(JsonValues(pieces, self.opening, self.marks))

    def _spans(self, value: object, options: Options) -> Found:
        raise NotImplementedError

    def intake(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None],
    ) -> Intake:
        return SpanIntake(engine, checkpoint, before_commit)

    def note(self, batch: Batch) -> None:
        note_batch(batch)

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        if source is not None or origin.startswith(_POSTED):
            raise CannotReopen("it was posted, and only its sender can send it again")
        with Path(origin).open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk


class XrayFiles(SpanFiles):
    """Segment documents: one, a list, one a line, or traces as the API gives them."""

    holds = "X-Ray segments"
    opening = segmentfiles.OPENING
    marks = segmentfiles.MARKS

    def account_of(self, origin: str, options: Options) -> str:
        return fetched_account(origin) or super().account_of(origin, options)

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        """A file, or a trace that was fetched."""
        if fetched_account(origin):
            return fetched_again(origin, source)
        return super().reopen(origin, source)

    def _spans(self, value: object, options: Options) -> Found:
        return segmentfiles.spans_in(value, *_place(options))


class ZipkinFiles(SpanFiles):
    """Zipkin's version 2 in JSON: a list of spans, of traces, or one a line."""

    holds = "Zipkin spans"
    marks = frozenset(("traceId",))

    def _spans(self, value: object, options: Options) -> Found:
        account, region = _place(options)
        for span in value if isinstance(value, list) else [value]:
            try:
                yield zipkin.span_of(_object(span), account, region)
            except InvalidSpan as error:
                yield error


class OtlpFiles(SpanFiles):
    """Exports of OpenTelemetry, as the collector's file exporter writes them: JSON,
    one export a line, or protobuf, one export or each after its length."""

    holds = "OpenTelemetry spans"
    suffixes = (*SpanFiles.suffixes, ".pb", ".bin", ".binpb", ".proto")
    opening = re.compile(r'\{[ \t\r\n]*+"resourceSpans"[ \t\r\n]*+:[ \t\r\n]*+\[')
    marks = frozenset(("resourceSpans", "scopeSpans"))

    def _values(self, pieces: Iterable[bytes]) -> Iterator[Value | Broken]:
        pieces = iter(pieces)
        first = next(pieces, b"")
        whole = chain((first,), pieces)
        if otlpbinary.is_binary(first):
            return otlpbinary.exports_in(whole)
        return super()._values(whole)

    def _spans(self, value: object, options: Options) -> Found:
        try:
            told = (
                otlpbinary.told_by(value)
                if isinstance(value, bytes)
                else _exported(value)
            )
        except InvalidSpan as error:
            yield error
            return
        account, region = _place(options)
        for one in told:
            try:
                yield otlp.span_of(one, account, region)
            except InvalidSpan as error:
                yield error


def _exported(value: object) -> Iterator[otlp.Told]:
    found = _object(value)
    if "resourceSpans" not in found and "scopeSpans" in found:
        found = {"resourceSpans": [found]}
    return otlp.told_by(found)


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidSpan("it is not a JSON object")
    return value


def _place(options: Options) -> tuple[str, str]:
    return options.get("account", ""), options.get("region", "")


def _add(portion: SpanPortion, value: Value, found: Found) -> None:
    for one in found:
        if isinstance(one, InvalidSpan):
            excerpt = value.text[:EXCERPT_BYTES].encode("utf-8", "replace")
            portion.broken.append(Broken(value.offset, str(one), excerpt))
        else:
            portion.spans.append((one, value.offset))


def _dated(portion: SpanPortion, read_us: int) -> SpanPortion:
    zipkin.dated((span for span, _ in portion.spans), read_us)
    return portion


def _last_change(origin: str) -> int:
    """When the file was last changed, in microseconds; now where it is no file."""
    try:
        return int(Path(origin).stat().st_mtime * 1_000_000)
    except OSError:
        return int(datetime.now(UTC).timestamp() * 1_000_000)


XRAY, ZIPKIN, OTLP = XrayFiles(), ZipkinFiles(), OtlpFiles()
