"""CloudTrail: that it records, everywhere, and safely."""

from __future__ import annotations

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import NotTold, Place
from apps.audit.compliance.verdicts import Verdict

ACCOUNT = "AWS::::Account"
_TRAIL = "AWS::CloudTrail::Trail"
_MEMBERS = (
    ("s3BucketName", "s3BucketName"),
    ("snsTopicArn", "snsTopicARN"),
    ("cloudWatchLogsLogGroupArn", "cloudWatchLogsLogGroupArn"),
)
_TARGETS = tuple(Parameter(name) for name, _ in _MEMBERS)


def _trails(subject: Subject) -> list[Place]:
    """Raises NotTold where no trail of the account is known."""
    told = subject.told("trails")
    if told is not None:
        return list(told.parsed().each())
    found = subject.estate.every(subject.item.key.account, _TRAIL)
    if not found:
        raise NotTold("configuration.trails", "No trail of the account is known.")
    return [
        Place({**one.supplementary, **one.configuration}, f"trail {one.key.id[-60:]}")
        for one in found
    ]


def _is_logging(trail: Place) -> bool:
    """Raises NotTold."""
    told = trail.maybe("isLogging") or trail.dig("status", "isLogging")
    if told is None:
        raise NotTold(f"{trail.path}.isLogging")
    return told.flag()


def _fits(trail: Place, subject: Subject) -> bool:
    for name, member in _MEMBERS:
        wanted, told = subject.given.text(name), trail.maybe(member)
        if wanted and (told is None or str(told.value) != wanted):
            return False
    return True


def enabled(subject: Subject) -> Verdict:
    logging = [one for one in _trails(subject) if _is_logging(one)]
    if not logging:
        return fails("No trail is logging.")
    for trail in logging:
        if _fits(trail, subject):
            return passes("A trail is logging.", trail)
    return fails("No trail that is logging has the parameters required.")


def everywhere(subject: Subject) -> Verdict:
    for trail in _trails(subject):
        told = trail.maybe("isMultiRegionTrail")
        if (
            told
            and told.flag()
            and _is_logging(trail)
            and _fits(trail, subject)
            and _selects(trail, subject)
        ):
            return passes("A trail records every region.", trail)
    return fails("No trail records every region as is required.")


def _selects(trail: Place, subject: Subject) -> bool:
    """By default a trail records management events, both reads and writes."""
    selectors = trail.maybe("eventSelectors")
    kind = subject.given.text("readWriteType").upper()
    if selectors is None:
        return kind in ("", "ALL")
    for one in selectors.each():
        excluded = one.maybe("excludeManagementEventSources")
        managed, type_ = (
            one.maybe("includeManagementEvents"),
            one.maybe("readWriteType"),
        )
        is_whole = not kind or (type_ and str(type_.value).upper().endswith(kind))
        is_all = managed and managed.flag() and not (excluded and excluded.value)
        if is_whole and is_all:
            return True
    return False


def validates(subject: Subject) -> Verdict:
    told = subject.configuration.at("logFileValidationEnabled")
    if not told.flag():
        return fails("The trail signs no digests of its files.", told)
    return passes("The trail signs digests of its files.", told)


def encrypted(subject: Subject) -> Verdict:
    subject.configuration.at("s3BucketName")
    told = subject.configuration.maybe("kmsKeyId")
    if told is None or not told.value:
        return fails("The trail's files are not encrypted with a KMS key.", told)
    return passes("The trail's files are encrypted with a KMS key.", told)


def to_logs(subject: Subject) -> Verdict:
    subject.configuration.at("s3BucketName")
    told = subject.configuration.maybe("cloudWatchLogsLogGroupArn")
    if told is None or not told.value:
        return fails("The trail does not go to CloudWatch Logs.", told)
    return passes("The trail goes to CloudWatch Logs.", told)


RULES = (
    Managed(
        "CLOUD_TRAIL_ENABLED", "Accounts record what is done in them",
        (ACCOUNT,), enabled, Severity.CRITICAL, _TARGETS,
    ),
    Managed(
        "MULTI_REGION_CLOUD_TRAIL_ENABLED",
        "A trail records every region",
        (ACCOUNT,),
        everywhere,
        Severity.HIGH,
        (
            *_TARGETS,
            Parameter("includeManagementEvents", Form.FLAG),
            Parameter("readWriteType"),
        ),
    ),
    Managed(
        "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", "Trails sign their files",
        (_TRAIL,), validates, Severity.MEDIUM,
    ),
    Managed(
        "CLOUD_TRAIL_ENCRYPTION_ENABLED", "Trails encrypt their files with KMS",
        (_TRAIL,), encrypted, Severity.MEDIUM,
    ),
    Managed(
        "CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED", "Trails go to CloudWatch Logs",
        (_TRAIL,), to_logs, Severity.LOW,
    ),
)  # fmt: skip
