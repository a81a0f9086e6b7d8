"""Auto Scaling: how many instances a group has."""

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
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.discovery.aws import AwsGone

_MOST = 1_000


class SetCapacity(Action):
    """A number, not so many more or fewer: doing it twice changes nothing."""

    identifier = "set-capacity"
    title = "Set the capacity of an Auto Scaling group"
    says = "Gives an Auto Scaling group so many instances, within its limits."
    family = "instances"
    resource_types = ("AWS::AutoScaling::AutoScalingGroup",)
    parameters = (
        Parameter("capacity", "Instances", kind="integer", least=0, most=_MOST),
        Parameter(
            "most_change",
            "Largest change",
            "Refused where more instances than this would come or go.",
            kind="integer",
            default=10,
            least=1,
            most=_MOST,
        ),
    )
    permissions = Permissions(
        read=("autoscaling:DescribeAutoScalingGroups",),
        write=("autoscaling:SetDesiredCapacity",),
    )
    reversibility = Reversibility.PARTIAL
    irreversible_because = "Instances that ended do not come back: others start."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        found = reads.call(
            "autoscaling",
            "describe_auto_scaling_groups",
            AutoScalingGroupNames=[_name(subject)],
        )["AutoScalingGroups"]
        if not found:
            raise AwsGone(f"There is no Auto Scaling group {_name(subject)}.")
        group = found[0]
        return Image(
            {
                "desired": group["DesiredCapacity"],
                "least": group["MinSize"],
                "most": group["MaxSize"],
            },
            {"tags": tags_of(group.get("Tags", ()))},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given, had = self.given(parameters), now.values["desired"]
        wanted = given["capacity"]
        if wanted is None:
            raise Refused("Say how many instances the group is to have.")
        if wanted == had:
            return Draft.nothing(now)
        _must_be_within(wanted, now.values)
        change = abs(wanted - had)
        if change > given["most_change"]:
            raise Refused(f"{change} instances would come or go: more than allowed.")
        return Draft(
            before=now,
            expected=Image({**now.values, "desired": wanted}),
            steps=(Step(f"Set the capacity to {wanted}", _set(subject, wanted)),),
            changes=(Change("desired", had, wanted),),
            warnings=(
                *(_ending(had - wanted) if wanted < had else ()),
                "A scaling policy of the group may change it again.",
                *owners(now.beside.get("tags", {})),
            ),
            population=change,
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        had = draft.before.values["desired"]
        return (Step(f"Set the capacity back to {had}", _set(subject, had)),)


def _name(subject: Subject) -> str:
    return subject.name or subject.key.id.rpartition("autoScalingGroupName/")[2]


def _must_be_within(wanted: int, values: Values) -> None:
    if not values["least"] <= wanted <= values["most"]:
        raise Refused(
            f"The group has from {values['least']} to {values['most']} instances: "
            "change its limits first."
        )


def _ending(count: int) -> tuple[str, ...]:
    return (f"{count} instances end, with what runs on them.",)


def _set(subject: Subject, capacity: int) -> Call:
    return Call(
        "autoscaling",
        "set_desired_capacity",
        {
            "AutoScalingGroupName": _name(subject),
            "DesiredCapacity": capacity,
            "HonorCooldown": False,
        },
    )
