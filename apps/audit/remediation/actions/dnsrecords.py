"""Route 53: send people elsewhere, by weight or by the roles of a failover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.audit.remediation.actions.base import (
    Action,
    Call,
    Change,
    Draft,
    Image,
    Parameter,
    Permissions,
    Reads,
    Refused,
    Step,
    Subject,
    Values,
)

_TYPES = ("A", "AAAA", "CNAME", "SRV", "TXT", "MX")
_PRIMARY, _SECONDARY = "PRIMARY", "SECONDARY"
Record = Mapping[str, Any]


class FailOver(Action):
    """Of weighted records, the given one gets weight 0. Of a failover pair, it becomes
    the secondary: both are deleted, as they were read, and made anew in one batch, so
    that AWS refuses it where anybody changed them."""

    identifier = "fail-over-record"
    title = "Fail over a record of Route 53"
    says = "Sends people away from one of a record's answers, to the others."
    family = "dns"
    resource_types = ("AWS::Route53::HostedZone",)
    parameters = (
        Parameter("record", "Record", "Its name, such as shop.example.com."),
        Parameter("type", "Type", kind="choice", default="A", choices=_TYPES),
        Parameter("away_from", "Away from", "The set identifier of the answer."),
    )
    permissions = Permissions(
        read=("route53:ListResourceRecordSets",),
        write=("route53:ChangeResourceRecordSets",),
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        given = self._asked(parameters)
        listed = reads.call(
            "route53",
            "list_resource_record_sets",
            HostedZoneId=subject.key.id,
            StartRecordName=given["record"],
            StartRecordType=given["type"],
        )["ResourceRecordSets"]
        wanted = (_canonical(given["record"]), given["type"])
        found = [
            one for one in listed if (_canonical(one["Name"]), one["Type"]) == wanted
        ]
        return Image({"records": sorted(found, key=_identifier)})

    def _asked(self, parameters: Values) -> dict[str, Any]:
        given = self.given(parameters)
        if not given["record"] or not given["away_from"]:
            raise Refused("Say which record, and which of its answers to leave.")
        return given

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given, records = self._asked(parameters), now.values["records"]
        left = [one for one in records if _identifier(one) == given["away_from"]]
        if not left:
            raise Refused(f"The record has no answer {given['away_from']!r}.")
        wanted = _without(left[0], records)
        if wanted == records:
            return Draft.nothing(now)
        return Draft(
            before=now,
            expected=Image({"records": wanted}),
            steps=(
                Step(
                    f"Send people away from {given['away_from']}",
                    _change(subject, records, wanted),
                ),
            ),
            changes=tuple(_changes(records, wanted)),
            warnings=(_caches(records),),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        before, after = draft.before.values["records"], draft.expected.values["records"]
        return (Step("Send people there again", _change(subject, after, before)),)


def _canonical(name: str) -> str:
    """Route 53 writes some characters by their number, and ends names with a dot."""
    return name.lower().rstrip(".").replace("\\052", "*")


def _identifier(record: Record) -> str:
    return str(record.get("SetIdentifier", ""))


def _without(left: Record, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The records as they should be. Raises Refused."""
    others = [one for one in records if one is not left]
    if "Weight" in left:
        if not any(one.get("Weight", 0) > 0 for one in others):
            raise Refused(
                "No other answer has a weight: nobody would be sent anywhere."
            )
        return [_with(one, one is left, "Weight", 0) for one in records]
    if "Failover" in left:
        if not others:
            raise Refused("There is no secondary to fail over to.")
        if not all(_is_checked(one) for one in others):
            raise Refused("The secondary has no health check, which a primary needs.")
        return [
            {**one, "Failover": _SECONDARY if one is left else _PRIMARY}
            for one in records
        ]
    raise Refused("The record is neither weighted nor one of a failover.")


def _with(record: Record, does: bool, name: str, value: Any) -> dict[str, Any]:  # noqa: FBT001
    return {**record, name: value} if does else dict(record)


def _is_checked(record: Record) -> bool:
    alias = record.get("AliasTarget", {})
    return bool(record.get("HealthCheckId") or alias.get("EvaluateTargetHealth"))


def _change(subject: Subject, old: Sequence[Record], new: Sequence[Record]) -> Call:
    differing = [
        (before, after)
        for before, after in zip(old, new, strict=True)
        if before != after
    ]
    if any("Failover" in before for before, _ in differing):
        changes = [_said("DELETE", before) for before, _ in differing]
        changes += [_said("UPSERT", after) for _, after in differing]
    else:
        changes = [_said("UPSERT", after) for _, after in differing]
    return Call(
        "route53",
        "change_resource_record_sets",
        {"HostedZoneId": subject.key.id, "ChangeBatch": {"Changes": changes}},
    )


def _said(verb: str, record: Record) -> dict[str, Any]:
    return {"Action": verb, "ResourceRecordSet": dict(record)}


def _changes(old: Sequence[Record], new: Sequence[Record]) -> Iterator[Change]:
    for before, after in zip(old, new, strict=True):
        for name in ("Weight", "Failover"):
            if before.get(name) != after.get(name):
                path = f"{_identifier(before)}.{name}"
                yield Change(path, before.get(name), after.get(name))


def _caches(records: Sequence[Record]) -> str:
    longest = max((int(one.get("TTL", 60)) for one in records), default=60)
    return f"Resolvers may keep the old answer for {longest} s and longer."
