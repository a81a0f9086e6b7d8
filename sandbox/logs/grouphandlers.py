"""Operations on log groups: their life, retention, tags and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.logs.groups import Group, Groups, invalid
from sandbox.logs.paging import page
from sandbox.logs.store import EventStore

RETENTIONS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
     2557, 2922, 3288, 3653}
)  # fmt: skip
"""Days one can ask for. Source: PutRetentionPolicy, retentionInDays."""
_EXPIRE_EVERY_SECONDS = 3_600
_MOST_TAGS = 50
_FOREVER = 1 << 47


class GroupHandlers:
    def __init__(self, cloud: Cloud, groups: Groups, store: EventStore) -> None:
        self._cloud = cloud
        self._groups = groups
        self._store = store
        cloud.timers.every(_EXPIRE_EVERY_SECONDS, self._expire)
        self.operations: Mapping[str, Handler] = {
            "AssociateKmsKey": self._associate_kms_key,
            "CreateLogGroup": self._create,
            "DeleteLogGroup": self._delete,
            "DeleteRetentionPolicy": self._delete_retention,
            "DescribeLogGroups": self._describe,
            "DisassociateKmsKey": self._disassociate_kms_key,
            "ListLogGroups": self._list,
            "ListTagsForResource": self._list_tags,
            "ListTagsLogGroup": self._list_tags,
            "PutLogGroupDeletionProtection": self._protect,
            "PutRetentionPolicy": self._put_retention,
            "TagLogGroup": self._tag,
            "TagResource": self._tag,
            "UntagLogGroup": self._untag,
            "UntagResource": self._untag,
        }

    def _create(self, call: Call) -> Answer:
        given = call.parameters
        with self._groups.lock:
            name = given["logGroupName"]
            group = self._groups.create(call.place, name, round(call.now * 1_000))
            group.log_class = given.get("logGroupClass") or "STANDARD"
            group.kms_key = given.get("kmsKeyId")
            group.is_protected = bool(given.get("deletionProtectionEnabled"))
            group.tags.update(given.get("tags") or {})
        return {}

    def _delete(self, call: Call) -> Answer:
        group = self._groups.remove(call.place, call.parameters["logGroupName"])
        self._forget(group, _FOREVER)
        return {}

    def _forget(self, group: Group, before_ms: int) -> None:
        """A chunk at a time, so that nobody waits long for the file."""

        def some(_: float) -> None:
            if self._store.forget(group.id, before_ms):
                self._cloud.timers.after(0, some)

        self._cloud.timers.after(0, some)

    def _expire(self, now: float) -> None:
        for group in self._groups.everything():
            if group.retention_days is not None:
                self._forget(group, group.oldest_ms(now))

    def _describe(self, call: Call) -> Answer:
        given = call.parameters
        prefix = given.get("logGroupNamePrefix")
        pattern = given.get("logGroupNamePattern")
        if prefix and pattern:
            raise invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                "parameters."
            )
        groups = self._groups.of(call.place)
        if given.get("logGroupIdentifiers"):
            groups = [
                self._groups.identified(call.place, one)
                for one in given["logGroupIdentifiers"]
            ]
        wanted = given.get("logGroupClass")
        found = [
            _described(group)
            for group in groups
            if group.name.startswith(prefix or "")
            # "case-insensitive": DescribeLogGroups, logGroupNamePattern.
            and (pattern or "").lower() in group.name.lower()
            and wanted in {None, group.log_class}
        ]
        return page(found, given, "logGroups")

    def _list(self, call: Call) -> Answer:
        given = call.parameters
        wanted = given.get("logGroupClass")
        pattern = re.compile(given.get("logGroupNamePattern") or "")
        found = [
            {
                "logGroupName": group.name,
                "logGroupArn": group.arn,
                "logGroupClass": group.log_class,
            }
            for group in self._groups.of(call.place)
            if pattern.search(group.name) and wanted in {None, group.log_class}
        ]
        return page(found, given, "logGroups")

    def _group(self, call: Call) -> Group:
        """By name, or by the ARN of a resource."""
        given = call.parameters
        name = given.get("logGroupName")
        if name is not None:
            return self._groups.get(call.place, name)
        arn = given.get("resourceArn") or given.get("resourceIdentifier")
        arn = arn or given.get("logGroupIdentifier")
        return self._groups.identified(call.place, arn)

    def _put_retention(self, call: Call) -> Answer:
        days = call.parameters["retentionInDays"]
        if days not in RETENTIONS:
            raise invalid(
                f"1 validation error detected: Value '{days}' at 'retentionInDays' "
                "failed to satisfy constraint: Member must satisfy enum value set: "
                f"{sorted(RETENTIONS)}"
            )
        self._group(call).retention_days = days
        return {}

    def _delete_retention(self, call: Call) -> Answer:
        self._group(call).retention_days = None
        return {}

    def _associate_kms_key(self, call: Call) -> Answer:
        self._group(call).kms_key = call.parameters["kmsKeyId"]
        return {}

    def _disassociate_kms_key(self, call: Call) -> Answer:
        self._group(call).kms_key = None
        return {}

    def _protect(self, call: Call) -> Answer:
        self._group(call).is_protected = call.parameters["deletionProtectionEnabled"]
        return {}

    def _tag(self, call: Call) -> Answer:
        group = self._group(call)
        with self._groups.lock:
            tags = {**group.tags, **call.parameters["tags"]}
            if len(tags) > _MOST_TAGS:
                raise ApiError(
                    "TooManyTagsException", "A resource can have up to 50 tags."
                )
            group.tags = tags
        return {}

    def _untag(self, call: Call) -> Answer:
        group = self._group(call)
        gone = call.parameters.get("tagKeys") or call.parameters.get("tags") or ()
        with self._groups.lock:
            group.tags = {k: v for k, v in group.tags.items() if k not in gone}
        return {}

    def _list_tags(self, call: Call) -> Answer:
        return {"tags": dict(self._group(call).tags)}


def _described(group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "metricFilterCount": len(group.metric_filters),
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": group.log_class,
        "deletionProtectionEnabled": group.is_protected,
    }
    if group.retention_days is not None:
        found["retentionInDays"] = group.retention_days
    if group.kms_key is not None:
        found["kmsKeyId"] = group.kms_key
    return found
