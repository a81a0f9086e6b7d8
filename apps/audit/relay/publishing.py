"""Writes records of violations to buckets and tells topics of them.

A violation that opens or resolves becomes a row for every target; a worker writes the
object, under a key that is the same each time, then tells the topic. A topic may be
told twice where a worker died in between: the record's id and state are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson
from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.audit.models import RecordTarget, Violation, ViolationRecord
from apps.audit.relay.records import (
    Cause,
    RuleTold,
    ViolationTold,
    object_key,
    record,
)
from apps.discovery.accounts import target, why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsRefused, Door
from apps.discovery.leases import Clock, Lease, LeaseLost

PERMISSIONS = {"bucket": ("s3:PutObject",), "topic": ("sns:Publish",)}

_MOST = 100
_LONGEST_PAUSE = timedelta(minutes=15)
_States = ViolationRecord.State


def note_new(now: datetime) -> None:
    """A row for what opened or resolved since a target was set up; of targets that
    are switched off, too, which is then written when they are on again."""
    for one in RecordTarget.objects.all():
        since = Violation.objects.filter(opened_at__gte=one.created_at)
        resolved = Violation.objects.filter(resolved_at__gte=one.created_at)
        _note(one, since, _States.OPENED, now)
        _note(one, resolved, _States.RESOLVED, now)


def _note(
    one: RecordTarget, found: QuerySet[Violation], state: _States, now: datetime
) -> None:
    known = ViolationRecord.objects.filter(target=one, state=state)
    new = found.exclude(pk__in=known.values("violation"))
    rows = [
        ViolationRecord(target=one, violation=violation, state=state, due_at=now)
        for violation in new[:_MOST]
    ]
    ViolationRecord.objects.bulk_create(rows, ignore_conflicts=True)


def due(now: datetime) -> list[int]:
    """Records to be written; a violation's resolution after its opening."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = ViolationRecord.objects.filter(
        free, done_at=None, due_at__lte=now, target__is_enabled=True
    )
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:_MOST])


def publish(record_id: int, clock: Clock) -> None:
    """Write one record and tell of it, if nobody else does."""
    rows = ViolationRecord.objects.select_related(
        "target__account", "violation__rule", "violation__resource"
    )
    row = rows.filter(pk=record_id, done_at=None).first()
    lease = Lease.take(row, "claimed_until", clock()) if row else None
    if row is None or lease is None:
        return
    problem = problem_of(lambda: _published(lease, clock), f"the record of {row}")
    now = clock()
    if problem:
        pause = min(timedelta(seconds=2**row.attempts), _LONGEST_PAUSE)
        lease.give_back(problem=problem, attempts=row.attempts + 1, due_at=now + pause)
    else:
        lease.give_back(problem="", done_at=now)
    _note_problem(row.target, problem, now)


def _published(lease: Lease[ViolationRecord], clock: Clock) -> str:
    """Why it could not be done, in a sentence; "" where it is."""
    row, where = lease.row, lease.row.target
    why_not = why_not_read(where.account)
    if why_not:
        return why_not
    told = _told(row.violation)
    key = object_key(where.prefix, told, row.state)
    body = orjson.dumps(record(told, row.state), option=orjson.OPT_INDENT_2)
    try:
        if row.stored_at is None:
            _store(where, key, body)
            lease.write(stored_at=clock())
        if where.topic_arn and row.told_at is None:
            _tell(where, row.state, body)
            lease.write(told_at=clock())
    except LeaseLost as error:
        return str(error)
    return ""


def _store(where: RecordTarget, key: str, body: bytes) -> None:
    Door(target(where.account, where.region), "s3").call(
        "put_object",
        Bucket=where.bucket,
        Key=key,
        Body=body,
        ContentType="application/json",
    )


def _tell(where: RecordTarget, state: str, body: bytes) -> None:
    told = orjson.loads(body)
    title = f"{told['rule']['title']}: {told['resource']['name'] or '-'}"
    answer = Door(target(where.account, where.region), "sns").call(
        "publish",
        TopicArn=where.topic_arn,
        Subject=_subject(f"Violation {state}: {title}"),
        Message=orjson.dumps(told).decode(),
        MessageAttributes={
            "recordType": {"DataType": "String", "StringValue": told["recordType"]},
            "state": {"DataType": "String", "StringValue": state},
            "severity": {
                "DataType": "String",
                "StringValue": told["rule"]["severity"],
            },
        },
    )
    if not answer.get("MessageId"):
        raise AwsRefused("sns.publish gave no MessageId.")


def _subject(text: str) -> str:
    """Amazon SNS API reference, Publish: ASCII that begins with a letter, number or
    punctuation mark, no line breaks or control characters, less than 100 letters."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    return plain[:99]


def _note_problem(where: RecordTarget, problem: str, now: datetime) -> None:
    rows = RecordTarget.objects.filter(pk=where.pk)
    if not problem:
        rows.exclude(problem="").update(problem="", problem_since=None)
    elif not rows.filter(problem="").update(problem=problem, problem_since=now):
        rows.update(problem=problem)


def _told(violation: Violation) -> ViolationTold:
    rule, resource = violation.rule, violation.resource
    cause = None
    if violation.cause_event_id:
        cause = Cause(
            violation.cause_event_id,
            violation.cause_event,
            violation.cause_actor,
            violation.cause_at,
        )
    path = reverse("violation", args=[violation.pk])
    return ViolationTold(
        number=violation.pk,
        rule=RuleTold(rule.slug, rule.identifier, rule.title, rule.severity),
        resource=resource.key,
        name=resource.name,
        arn=resource.arn,
        reason=violation.reason,
        path=violation.path,
        owner=violation.owner,
        opened_at=violation.opened_at,
        resolved_at=violation.resolved_at,
        resolution=violation.resolution,
        cause=cause,
        url=settings.PUBLIC_URL + path,
    )


def written(violation: Violation) -> Iterator[tuple[str, str, datetime | None]]:
    """Where the records of a violation are: bucket, key, when it was written."""
    rows = ViolationRecord.objects.filter(violation=violation).select_related("target")
    told = _told(violation)
    for row in rows.exclude(stored_at=None).order_by("pk"):
        key = object_key(row.target.prefix, told, row.state)
        yield row.target.bucket, key, row.stored_at


def waiting() -> int:
    """How many records are not written yet."""
    rows = ViolationRecord.objects.filter(done_at=None, target__is_enabled=True)
    return rows.count()


def retry(target_id: int, now: datetime) -> None:
    """Have what failed tried again at once."""
    ViolationRecord.objects.filter(target=target_id, done_at=None).update(due_at=now)
