"""Looks of our own at every resource that AWS Config does not record, and at those of
which it tells only half."""

from __future__ import annotations

from collections.abc import Iterator

from apps.discovery.aws import AwsError
from apps.discovery.inventory.items import ConfigItem, ItemSource
from apps.discovery.inventory.runs import GLOBAL, Run
from apps.discovery.inventory.scanners.base import Scanner, gone
from apps.discovery.inventory.scanners.reading import Reader
from apps.discovery.inventory.scanners.registry import SCANNERS
from apps.discovery.inventory.supplements import ADDED
from apps.search.shutdown import stopping

_AT_ONCE = 50


def scan(run: Run) -> None:
    """Raises AwsError, LeaseLost. A type that cannot be listed does not keep the
    others from being read, and nothing of it is taken to be gone."""
    reader = Reader(run.here)
    for scanner in _wanted(run):
        if stopping.is_set():
            return
        try:
            _scan_type(run, reader, scanner)
        except AwsError as error:
            run.problems.append(f"{scanner.type}: {error}")
    run.intake.commit()
    run.lease.write(scanned_at=run.now)


def _wanted(run: Run) -> Iterator[Scanner]:
    """Those that Config has nothing of here, and those it tells half of. Types of no
    region are read in the account's home region alone."""
    is_home = run.source.region == run.source.account.home_region
    recorded = set(
        run.rows.filter(items__source=ItemSource.CONFIG)
        .values_list("type", flat=True)
        .distinct()
    )
    is_recording = bool(run.source.is_recording)
    kept_by_config = recorded if is_recording else set()
    for type_, scanner in SCANNERS.items():
        if scanner.is_global and not is_home:
            continue
        if type_ not in kept_by_config or type_ in ADDED:
            yield scanner


def _scan_type(run: Run, reader: Reader, scanner: Scanner) -> None:
    origin = f"scan://{reader.account}/{reader.region}/{scanner.type}"
    seen: set[str] = set()
    batch: list[ConfigItem] = []
    for item in scanner.every(reader, run.clock()):
        seen.add(item.key.id)
        batch.append(item)
        if len(batch) >= _AT_ONCE:
            run.take_looks(origin, batch)
            batch = []
        run.keep_going()
    run.take_looks(origin, [*batch, *_gone(run, reader, scanner, seen)])


def _gone(
    run: Run, reader: Reader, scanner: Scanner, seen: set[str]
) -> Iterator[ConfigItem]:
    """What we had seen here ourselves, and what a complete listing does not name."""
    region = GLOBAL if scanner.is_global else reader.region
    known = run.rows.filter(
        type=scanner.type, region=region, source=ItemSource.SCANNER, deleted_at=None
    )
    now = run.clock()
    for id_, arn in known.values_list("resource_id", "arn"):
        if id_ not in seen:
            yield gone(scanner.key(reader, id_), now, arn)
