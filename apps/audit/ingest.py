"""CloudTrail log files as documents, for imports and for collectors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from apps.audit.kinds import TRAIL
from apps.audit.logfile import read_log
from apps.audit.logkeys import delivery_order, parse_key
from apps.audit.logrecords import EXCERPT_BYTES, Record
from apps.audit.models import TrailSource
from apps.audit.records import MalformedRecord, document, parse
from apps.audit.sourceruns import target_of
from apps.discovery.accounts import note_batch
from apps.discovery.aws import AwsError
from apps.discovery.buckets import Bucket
from apps.search.engines.base import DocumentEngine
from apps.search.importers import CannotReopen, Options
from apps.search.intake import Batch, Broken, Intake, Portion

_CHUNK_BYTES = 1 << 20
_SUFFIXES = (".json", ".json.gz", ".gz", ".jsonl", ".ndjson", ".log")


def portions(chunks: Iterable[bytes]) -> Iterator[Portion]:
    """The events of a log file. Raises OtherContent, and what the chunks raise."""
    return map(portion, read_log(chunks))


def portion(found: Sequence[Record | Broken]) -> Portion:
    """Records as documents; one that is no event is broken."""
    made = Portion()
    for one in found:
        if isinstance(one, Broken):
            made.broken.append(one)
            continue
        try:
            event = parse(one.value)
        except MalformedRecord as error:
            excerpt = one.raw[:EXCERPT_BYTES]
            made.broken.append(Broken(one.offset, str(error), excerpt))
            continue
        made.add(document(event, one.raw, one.searchable), one.offset)
    return made


class CloudTrailFiles:
    """The importer of CloudTrail log files."""

    kind = TRAIL
    holds = "CloudTrail records"
    choices: Mapping[str, str] = MappingProxyType({})

    def check(self, options: Options) -> None:
        """There is nothing to choose."""

    def is_wanted(self, name: str) -> bool:
        return name.endswith(_SUFFIXES)

    def order(self, name: str) -> str:
        return delivery_order(name)

    def account_of(self, origin: str, options: Options) -> str:
        key = parse_key(origin)
        return key.account if key else ""

    def read(
        self, origin: str, chunks: Iterable[bytes], options: Options
    ) -> Iterator[Portion]:
        return portions(chunks)

    def intake(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None],
    ) -> Intake:
        return Intake(engine.writer(self.kind), checkpoint, before_commit)

    def note(self, batch: Batch) -> None:
        note_batch(batch)

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        if origin.startswith("lookup://"):
            raise CannotReopen(
                "an event that was looked up is gone once it was answered"
            )
        if source is None:
            return _file(origin)
        known = TrailSource.objects.filter(pk=source).first()
        if known is None:
            raise CannotReopen("its source was deleted")
        return _object(origin, known)


CLOUDTRAIL = CloudTrailFiles()


def _object(origin: str, source: TrailSource) -> Iterator[bytes]:
    key = origin.removeprefix(f"s3://{source.bucket}/")
    try:
        yield from Bucket(target_of(source), source.bucket).chunks(key)
    except AwsError as error:
        raise CannotReopen(str(error)) from error


def _file(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
