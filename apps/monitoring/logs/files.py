"""Log files as documents: text, JSON lines, exports of CloudWatch and what AWS
archives in S3, gzipped or not, in memory that does not grow with the file."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePath
from types import MappingProxyType

import orjson

from apps.discovery.accounts import note_batch
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.archivefiles import is_envelopes
from apps.monitoring.logs.cutting import EXCERPT_BYTES, Assembler, beginning, raw_lines
from apps.monitoring.logs.cutting import Piece as Event
from apps.monitoring.logs.envelopefiles import enveloped
from apps.monitoring.logs.formats import flowlogs
from apps.monitoring.logs.intake import LogIntake, Twins, problem_of
from apps.monitoring.logs.lines import (
    LogLine,
    as_document,
    as_recognised,
    content_id,
    document_id,
)
from apps.monitoring.logs.places import Place, place_of
from apps.monitoring.logs.recognition import fields_of_object
from apps.monitoring.logs.times import Times, iso, of_body
from apps.search.documents import JsonObject
from apps.search.engines.base import DocumentEngine
from apps.search.gunzip import InflateError, inflated
from apps.search.importers import CannotReopen, Options
from apps.search.intake import Batch, Broken, Intake, Portion

_CHUNK_BYTES = 1 << 20
_AT_ONCE = 2_000
_NAMES = re.compile(
    r".*\.(?:log|txt|json|jsonl|ndjson|out|err)(?:[.-][\d-]+)?(?:\.gz)?|.*\.gz|\d{6}"
    r"|\d{4}(?:-\d\d){5}-[0-9A-F]{16}"
    # As Firehose names what it archives: STREAM-VERSION-TIME-UUID.
    r"|.+-\d+-\d{4}(?:-\d\d){5}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
# CreateExportTask leaves it to see whether it may write.
_NOT_LOGS = "aws-logs-write-test"
_ONLY_JSON = (".json", ".jsonl", ".ndjson")
_ISO_LENGTH = len("2026-11-23T10:00:00.000Z")
_NO_TIME = (
    "lines that tell no time, and come before any that does, are filed under the time "
    "the file was last changed"
)


class LogFiles:
    """The importer of log files."""

    kind = LOGS
    holds = "log lines"
    choices: Mapping[str, str] = MappingProxyType(
        {
            "group": "the log group; else the folder the file is in",
            "stream": "the log stream; else the name of the file",
            "account": "the account of the lines; else as AWS writes it into paths",
            "region": "the region of the lines; else as AWS writes it into paths",
            "start": "a pattern for how an event begins, where it has several lines",
        }
    )

    def check(self, options: Options) -> None:
        """Raises BadPattern."""
        beginning(options)

    def is_wanted(self, name: str) -> bool:
        return name != _NOT_LOGS and _NAMES.fullmatch(name) is not None

    def order(self, name: str) -> str:
        return name

    def account_of(self, origin: str, options: Options) -> str:
        return place_of(origin, options).account

    def read(
        self, origin: str, chunks: Iterable[bytes], options: Options
    ) -> Iterator[Portion]:
        """Raises BadPattern, OtherContent, and what the chunks raise."""
        # Firehose may compress once more what came to it compressed.
        pieces = inflated(inflated(chunks))
        try:
            first = next(pieces, b"")
        except InflateError as error:
            yield Portion(broken=[Broken(0, str(error), b"")])
            return
        whole = chain((first,), pieces)
        if is_envelopes(first):
            yield from enveloped(place_of(origin, options), whole)
        else:
            yield from _File(origin, options).portions(whole)

    def intake(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None],
    ) -> Intake:
        return LogIntake(engine, checkpoint, before_commit)

    def note(self, batch: Batch) -> None:
        note_batch(batch)

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        if source is not None:
            raise CannotReopen("it did not come from a file")
        with Path(origin).open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                yield chunk


LOG_FILES = LogFiles()


class _File:
    """One file on its way to documents."""

    def __init__(self, origin: str, options: Options) -> None:
        self._place: Place = place_of(origin, options)
        self._changed = _last_change(origin)
        self._times = Times(self._changed)
        self._time_ms: int | None = None
        self._twins = Twins()
        self._assembler = Assembler(beginning(options) or self._begins_in_export())
        self._flow_fields: tuple[str, ...] | None = None
        name = PurePath(origin).name.removesuffix(".gz")
        self._must_be_json = name.endswith(_ONLY_JSON)
        self._is_dated = True

    def portions(self, chunks: Iterable[bytes]) -> Iterator[Portion]:
        for lines in raw_lines(chunks):
            portion = Portion()
            if isinstance(lines, Broken):
                portion.broken.append(lines)
            else:
                for offset, line in lines:
                    self._take(line, offset, portion)
                    if len(portion.documents) >= _AT_ONCE:
                        yield portion
                        portion = Portion()
            yield portion
        last = Portion()
        self._add(self._assembler.end(), last)
        if not self._is_dated:
            last.remark = _NO_TIME
        yield last

    def _begins_in_export(self) -> Callable[[str], bool] | None:
        return _has_time_of_export if self._place.is_export else None

    def _take(self, line: bytes, offset: int, portion: Portion) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if self._flow_fields is None:
            text = text.removeprefix("\ufeff")
            self._flow_fields = flowlogs.header(text) or ()
            if self._flow_fields:
                return
        if text:
            self._add(self._assembler.take(text, offset), portion)

    def _add(self, event: Event | None, portion: Portion) -> None:
        """The event as a document, or what is wrong with it."""
        if event is None or not event.text.strip():
            return
        line, body, problem = self._line(event)
        problem = problem or problem_of(line)
        if problem:
            excerpt = event.text[:EXCERPT_BYTES].encode("utf-8", "replace")
            portion.broken.append(Broken(event.offset, problem, excerpt))
            return
        content = content_id(line)
        name = document_id(content, self._twins.number(content))
        document = (
            as_document(line, name)
            if body is None
            else as_recognised(line, name, fields_of_object(body))
        )
        portion.add(document, event.offset)

    def _line(self, event: Event) -> tuple[LogLine, JsonObject | None, str]:
        """The line, the JSON object it consists of, what is wrong with it."""
        place, text = self._place, event.text
        body, problem = None, ""
        if place.is_export and _has_time_of_export(text):
            time_ms, text = iso(text), text[_ISO_LENGTH + 1 :]
        elif text[0] == "{":
            body, problem = self._of_json(text)
            time_ms = self._times.of(text) if body is None else of_body(body)
        elif self._flow_fields:
            time_ms, problem = _of_flow(text, self._flow_fields)
        else:
            time_ms = self._times.of(text)
            problem = "it is not JSON" if self._must_be_json else ""
        line = LogLine(
            place.account,
            place.region,
            place.group,
            place.stream,
            self._in_order(time_ms),
            text,
            flow_fields=self._flow_fields or (),
        )
        return line, body, problem

    def _of_json(self, text: str) -> tuple[JsonObject | None, str]:
        try:
            return orjson.loads(text), ""
        except orjson.JSONDecodeError as error:
            return None, f"it is not JSON: {error}" if self._must_be_json else ""

    def _in_order(self, time_ms: int | None) -> int:
        """A line without a time is of the time of the line before."""
        if time_ms is not None:
            self._time_ms = time_ms
        if self._time_ms is not None:
            return self._time_ms
        self._is_dated = False
        return round(self._changed.timestamp() * 1_000)


def _of_flow(text: str, fields: tuple[str, ...]) -> tuple[int | None, str]:
    """The start of a flow; what is wrong with the record, if something is."""
    values = flowlogs.parse(text, fields)
    if values is None:
        return None, f"it has not the {len(fields)} fields that the first line names"
    start = values.get("start") or values.get("end")
    return (start * 1_000 if isinstance(start, int) else None), ""


def _has_time_of_export(text: str) -> bool:
    """Whether a line begins as those of an export: a time to the millisecond."""
    stamp = text[:_ISO_LENGTH]
    return stamp.endswith("Z") and text[4:5] == "-" and iso(stamp) is not None


def _last_change(origin: str) -> datetime:
    """When the file was last changed; the beginning of time where it is no file."""
    try:
        return datetime.fromtimestamp(Path(origin).stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)
