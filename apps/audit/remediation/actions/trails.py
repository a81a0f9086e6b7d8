"""CloudTrail: a trail that was stopped writes again."""

from __future__ import annotations

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
    Reversibility,
    Step,
    Subject,
    Values,
)
from apps.discovery.aws import AwsGone

_ACCOUNT = "AWS::::Account"


class RestartTrail(Action):
    """The account as a whole violates the rule: then it is its one trail, or the one
    that is named."""

    identifier = "restart-trail"
    title = "Start a CloudTrail trail again"
    says = "Lets a trail that was stopped record events again."
    family = "audit"
    resource_types = ("AWS::CloudTrail::Trail", _ACCOUNT)
    repairs = ("CLOUD_TRAIL_ENABLED", "MULTI_REGION_CLOUD_TRAIL_ENABLED")
    parameters = (
        Parameter(
            "trail",
            "Trail",
            "Name or ARN; needed where an account has more than one.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"),
        write=("cloudtrail:StartLogging",),
    )
    reversibility = Reversibility.NONE
    irreversible_because = (
        "Stopping a trail is what intruders do: no role of this program may."
    )

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        wanted = self._named(subject, parameters)
        listed = reads.call(
            "cloudtrail",
            "describe_trails",
            **({"trailNameList": [wanted]} if wanted else {}),
            includeShadowTrails=False,
        )["trailList"]
        arns = sorted(one["TrailARN"] for one in listed)
        if not arns:
            raise AwsGone("There is no such trail in this region.")
        if len(arns) > 1:
            return Image({"trails": arns})
        status = reads.call("cloudtrail", "get_trail_status", Name=arns[0])
        is_logging = bool(status["IsLogging"])
        return Image({"trail": arns[0], "is_logging": is_logging})

    def _named(self, subject: Subject, parameters: Values) -> str:
        named: str = self.given(parameters)["trail"]
        if subject.key.type == _ACCOUNT:
            return named
        return subject.arn or subject.name or subject.key.id

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        if "trails" in now.values:
            names = [arn.rpartition("/")[2] for arn in now.values["trails"]]
            raise Refused(f"The account has more than one trail: {', '.join(names)}.")
        if now.values["is_logging"]:
            return Draft.nothing(now)
        call = Call("cloudtrail", "start_logging", {"Name": now.values["trail"]})
        return Draft(
            before=now,
            expected=Image({**now.values, "is_logging": True}),
            steps=(Step("Start the trail", call),),
            changes=(Change("is_logging", before=False, after=True),),
            warnings=("What happened while it was stopped is not recorded.",),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()
