"""What a source of items held, read once more for the quarantine."""

from __future__ import annotations

from collections.abc import Iterator

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, Target
from apps.discovery.buckets import Bucket
from apps.discovery.models import ConfigSource
from apps.search.importers import CannotReopen


def bucket_target(source: ConfigSource) -> Target:
    return target(source.account, source.bucket_region or source.region)


def reopened(origin: str, source_id: int) -> Iterator[bytes]:
    """Raises CannotReopen."""
    source = ConfigSource.objects.select_related("account").filter(pk=source_id).first()
    if source is None:
        raise CannotReopen("its source was deleted")
    start = f"s3://{source.bucket}/"
    if not source.bucket or not origin.startswith(start):
        raise CannotReopen("a message is gone once it was read")
    try:
        key = origin.removeprefix(start)
        yield from Bucket(bucket_target(source), source.bucket).chunks(key)
    except AwsError as error:
        raise CannotReopen(str(error)) from error
