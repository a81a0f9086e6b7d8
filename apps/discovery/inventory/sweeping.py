"""History and snapshot files in a bucket: found by listing days, read once each."""

from __future__ import annotations

from apps.discovery.aws import AwsError, AwsGone, AwsThrottled, AwsUnreachable
from apps.discovery.buckets import Bucket
from apps.discovery.inventory.filekeys import day_prefixes, parse_key
from apps.discovery.inventory.files import portions
from apps.discovery.inventory.items import ItemSource
from apps.discovery.inventory.parsing import Place
from apps.discovery.inventory.runs import Run
from apps.discovery.inventory.sourcefiles import bucket_target
from apps.discovery.models import ConfigFile
from apps.search.shutdown import stopping

_DAYS_BACK = 2
_FIRST_DAYS_BACK = 7
_FILES_A_RUN = 200
_MOST_ATTEMPTS = 5


def sweep(run: Run) -> None:
    """Write down the files of the last days. Raises AwsError, LeaseLost."""
    source = run.source
    bucket = Bucket(bucket_target(source), source.bucket)
    back = _days_back(run)
    found: list[str] = []
    for account in bucket.folders(f"{source.prefix}AWSLogs/"):
        for region in bucket.folders(f"{account}Config/"):
            for prefix in day_prefixes(region, run.now.date(), back):
                run.keep_going()
                found += [one.key for one in bucket.objects(prefix)]
    ConfigFile.objects.bulk_create(
        [
            ConfigFile(source=source, key=key, found_at=run.now)
            for key in found
            if parse_key(key) is not None
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    run.lease.write(swept_at=run.now)


def _days_back(run: Run) -> int:
    """All days since the first wanted, or since days were last listed."""
    source = run.source
    if source.swept_at is not None:
        return (run.now.date() - source.swept_at.date()).days + _DAYS_BACK
    if source.first_day is None:
        return _FIRST_DAYS_BACK
    return max(1, (run.now.date() - source.first_day).days + 1)


def read_files(run: Run) -> None:
    """Read what waits. A file that fails does not keep the others. Raises LeaseLost."""
    source = run.source
    bucket = Bucket(bucket_target(source), source.bucket)
    waiting = ConfigFile.objects.filter(source=source, state=ConfigFile.State.FOUND)
    for row in waiting.order_by("key")[:_FILES_A_RUN]:
        if stopping.is_set():
            return
        try:
            _read(run, bucket, row)
        except AwsError as error:
            _note_failure(row, error)
            run.problems.append(f"{row.key}: {error}")
            if isinstance(error, AwsThrottled | AwsUnreachable):
                return


def _read(run: Run, bucket: Bucket, row: ConfigFile) -> None:
    key = parse_key(row.key)
    place = Place(
        key.account if key else run.source.account_id,
        key.region if key else run.source.region,
        ItemSource.CONFIG,
    )
    before = run.intake.kept.new
    origin = f"s3://{run.source.bucket}/{row.key}"
    run.intake.read(origin, portions(bucket.chunks(row.key), place), run.clock())
    run.intake.commit()
    ConfigFile.objects.filter(pk=row.pk).update(
        state=ConfigFile.State.DONE, problem="", items=run.intake.kept.new - before
    )
    run.keep_going()


def _note_failure(row: ConfigFile, error: AwsError) -> None:
    attempts = row.attempts + (not isinstance(error, AwsThrottled | AwsUnreachable))
    is_over = isinstance(error, AwsGone) or attempts >= _MOST_ATTEMPTS
    states = ConfigFile.State
    ConfigFile.objects.filter(pk=row.pk).update(
        attempts=attempts,
        state=states.FAILED if is_over else states.FOUND,
        problem=str(error),
    )


def look_again(source_id: int) -> None:
    """Files that failed get another chance."""
    failed = ConfigFile.objects.filter(source=source_id, state=ConfigFile.State.FAILED)
    failed.update(state=ConfigFile.State.FOUND, attempts=0)
