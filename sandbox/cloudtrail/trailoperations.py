"""Trails as they are made, changed, started, stopped and tagged."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from botocore.exceptions import ClientError

from sandbox.cloudtrail.delivery import Delivery
from sandbox.cloudtrail.trails import Trail
from sandbox.kernel import policies
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError

_ME = "cloudtrail.amazonaws.com"
_TRAILS_PER_REGION = 5
_ARN_PARTS = 6


class TrailOperations:
    """The trails of every account."""

    def __init__(self, cloud: Cloud, delivery: Delivery) -> None:
        self._cloud = cloud
        self._delivery = delivery
        self._trails: dict[str, Trail] = {}
        self._lock = threading.Lock()
        self.operations: Mapping[str, Handler] = {
            "AddTags": self._add_tags,
            "CreateTrail": self._create_trail,
            "DeleteTrail": self._delete_trail,
            "DescribeTrails": self._describe_trails,
            "GetEventSelectors": self._get_event_selectors,
            "GetTrail": self._get_trail,
            "GetTrailStatus": self._get_trail_status,
            "ListTags": self._list_tags,
            "ListTrails": self._list_trails,
            "PutEventSelectors": self._put_event_selectors,
            "RemoveTags": self._remove_tags,
            "StartLogging": self._start_logging,
            "StopLogging": self._stop_logging,
            "UpdateTrail": self._update_trail,
        }

    def all(self) -> list[Trail]:
        with self._lock:
            return list(self._trails.values())

    def _create_trail(self, call: Call) -> Answer:
        asked = call.parameters
        mine = self._trails_seen_in(call)
        if any(trail.name == asked["Name"] for trail in mine):
            raise ApiError(
                "TrailAlreadyExistsException",
                f"Trail {asked['Name']} already exists for customer: {call.account}",
            )
        if len(mine) >= _TRAILS_PER_REGION:
            raise ApiError(
                "MaximumNumberOfTrailsExceededException",
                f"User: {call.account} already has {_TRAILS_PER_REGION} trails in "
                f"{call.region}.",
            )
        trail = Trail(asked["Name"], call.account, call.region, asked["S3BucketName"])
        self._configure(trail, call)
        trail.tags = {t["Key"]: t.get("Value", "") for t in asked.get("TagsList", [])}
        with self._lock:
            self._trails[trail.arn] = trail
        return _created(trail)

    def _update_trail(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["Name"])
        self._configure(trail, call)
        return _created(trail)

    def _configure(self, trail: Trail, call: Call) -> None:
        asked = call.parameters
        bucket = asked.get("S3BucketName", trail.bucket)
        prefix = asked.get("S3KeyPrefix", trail.prefix)
        self._check_bucket(trail, bucket, prefix)
        topic = asked.get("SnsTopicName")
        if topic is not None:
            trail.topic_arn = self._topic(call, topic)
        trail.bucket, trail.prefix = bucket, prefix
        trail.is_multi_region = asked.get("IsMultiRegionTrail", trail.is_multi_region)
        trail.includes_global = asked.get(
            "IncludeGlobalServiceEvents", trail.includes_global
        )
        validates = asked.get("EnableLogFileValidation", trail.validates)
        if validates and not trail.validates:
            self._delivery.begin(trail, trail.regions, call.now)
        trail.validates = validates

    def _check_bucket(self, trail: Trail, bucket: str, prefix: str) -> None:
        """The bucket must be there, and its policy must let CloudTrail write."""
        s3 = self._cloud.client("s3", trail.account, trail.home_region, _ME)
        try:
            document = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise ApiError(
                    "S3BucketDoesNotExistException",
                    f"S3 bucket {bucket} does not exist!",
                ) from error
            document = "{}"
        start = f"{prefix}/" if prefix else ""
        request = policies.Request(
            "s3:PutObject",
            f"arn:aws:s3:::{bucket}/{start}AWSLogs/{trail.account}/probe",
            (_ME,),
            {
                "s3:x-amz-acl": "bucket-owner-full-control",
                "aws:sourcearn": trail.arn,
                "aws:sourceaccount": trail.account,
            },
        )
        if policies.decide([document], request) is not policies.Effect.ALLOW:
            raise ApiError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {bucket}",
            )

    def _topic(self, call: Call, topic: str) -> str:
        if not topic:
            return ""
        arn = topic if topic.startswith("arn:") else call.arn(topic, "sns")
        if len(arn.split(":")) != _ARN_PARTS:
            raise ApiError("InvalidSnsTopicNameException", f"SNS topic {topic}")
        return arn

    def _trails_seen_in(self, call: Call) -> list[Trail]:
        """A trail of every region is seen, as a shadow, in all of them."""
        return [
            trail
            for trail in self.all()
            if trail.account == call.account
            and (trail.is_multi_region or trail.home_region == call.region)
        ]

    def _trail(self, call: Call, name: str) -> Trail:
        for trail in self._trails_seen_in(call):
            if name in (trail.name, trail.arn):
                return trail
        raise ApiError(
            "TrailNotFoundException",
            f"Unknown trail: {name} for the user: {call.account}",
        )

    def _delete_trail(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["Name"])
        with self._lock:
            del self._trails[trail.arn]
        self._delivery.end(trail)
        return {}

    def _describe_trails(self, call: Call) -> Answer:
        wanted = call.parameters.get("trailNameList") or []
        found = [
            trail
            for trail in self._trails_seen_in(call)
            if not wanted or trail.name in wanted or trail.arn in wanted
        ]
        return {"trailList": [trail.described() for trail in found]}

    def _get_trail(self, call: Call) -> Answer:
        return {"Trail": self._trail(call, call.parameters["Name"]).described()}

    def _list_trails(self, call: Call) -> Answer:
        listed = [
            {"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.home_region}
            for t in self._trails_seen_in(call)
        ]
        return {"Trails": listed}

    def _get_trail_status(self, call: Call) -> Answer:
        return self._trail(call, call.parameters["Name"]).status()

    def _start_logging(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["Name"])
        if not trail.is_logging:
            trail.is_logging, trail.started_at = True, call.now
            self._delivery.begin(trail, trail.regions, call.now)
        return {}

    def _stop_logging(self, call: Call) -> Answer:
        """Logging ends at once; what was recorded before is still delivered."""
        trail = self._trail(call, call.parameters["Name"])
        if trail.is_logging:
            trail.is_logging, trail.is_ending = False, True
            trail.stopped_at = call.now
        return {}

    def _put_event_selectors(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["TrailName"])
        selectors = call.parameters.get("EventSelectors")
        if not selectors:
            raise ApiError(
                "InvalidEventSelectorsException",
                "The sandbox knows event selectors, not advanced ones.",
            )
        trail.selectors = [dict(selector) for selector in selectors]
        return {"TrailARN": trail.arn, "EventSelectors": trail.selectors}

    def _get_event_selectors(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["TrailName"])
        return {"TrailARN": trail.arn, "EventSelectors": trail.selectors}

    def _add_tags(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["ResourceId"])
        for tag in call.parameters["TagsList"]:
            trail.tags[tag["Key"]] = tag.get("Value", "")
        return {}

    def _remove_tags(self, call: Call) -> Answer:
        trail = self._trail(call, call.parameters["ResourceId"])
        for tag in call.parameters["TagsList"]:
            trail.tags.pop(tag["Key"], None)
        return {}

    def _list_tags(self, call: Call) -> Answer:
        found = [self._trail(call, arn) for arn in call.parameters["ResourceIdList"]]
        return {
            "ResourceTagList": [
                {
                    "ResourceId": trail.arn,
                    "TagsList": [{"Key": k, "Value": v} for k, v in trail.tags.items()],
                }
                for trail in found
            ]
        }


def _created(trail: Trail) -> Answer:
    described = trail.described()
    for member in ("HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors"):
        del described[member]
    return described
