"""ECS: services that start their tasks anew, or go back to what ran before."""

from __future__ import annotations

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
    Reversibility,
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners, tags_of
from apps.discovery.aws import AwsGone
from apps.discovery.inventory.items import ConfigItem

_SERVICE = ("AWS::ECS::Service",)
_MOST_REVISIONS = 100
_MOST_DEPLOYMENTS = 100
_BY_ECS = "ECS"


def service_of(subject: Subject) -> tuple[str, str]:
    """Cluster and service of arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE.

    Raises Refused.
    """
    arn = subject.arn or subject.key.id
    parts = arn.rpartition(":service/")[2].split("/")
    if len(parts) != 2:  # noqa: PLR2004 - cluster and service
        raise Refused(f"{arn} does not name the cluster of a service.")
    return parts[0], parts[1]


def _read_service(reads: Reads, subject: Subject) -> Values:
    """Raises AwsGone."""
    cluster, name = service_of(subject)
    found = reads.call(
        "ecs", "describe_services", cluster=cluster, services=[name], include=["TAGS"]
    )["services"]
    if not found or found[0].get("status") == "INACTIVE":
        raise AwsGone(f"There is no service {name} in cluster {cluster}.")
    service: Values = found[0]
    return service


def _beside(service: Values) -> dict[str, Any]:
    controller = service.get("deploymentController", {}).get("type", _BY_ECS)
    return {"tags": tags_of(service.get("tags") or ()), "controller": controller}


def _update(subject: Subject, **changed: Any) -> Call:
    cluster, name = service_of(subject)
    named = {"cluster": cluster, "service": name}
    return Call("ecs", "update_service", {**named, **changed})


def _must_be_deployed_by_ecs(now: Image) -> None:
    controller = now.beside.get("controller", _BY_ECS)
    if controller != _BY_ECS:
        raise Refused(f"{controller} deploys this service: start a deployment there.")


class RestartService(Action):
    """Deployments are counted, so that one that began is told from one that did not."""

    identifier = "restart-service"
    title = "Restart a service of ECS"
    says = "Replaces the tasks of a service, few at a time, by new ones."
    family = "containers"
    resource_types = _SERVICE
    parameters = (
        Parameter(
            "deployment",
            "Deployment",
            "Id of the deployment to replace: nothing is done if another one came "
            "meanwhile. Empty for whichever runs.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("ecs:DescribeServices", "ecs:ListServiceDeployments"),
        write=("ecs:UpdateService",),
    )
    reversibility = Reversibility.NONE
    irreversible_because = "Tasks that were stopped do not come back."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        service = _read_service(reads, subject)
        asked = self.given(parameters)["deployment"]
        primary = next(
            one["id"] for one in service["deployments"] if one["status"] == "PRIMARY"
        )
        return Image(
            {
                "task_definition": service["taskDefinition"],
                "deployments": _deployments(reads, subject),
                "is_replaced": bool(asked) and asked != primary,
            },
            {**_beside(service), "running": service.get("runningCount", 0)},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        if now.values["is_replaced"]:
            return Draft.nothing(now)
        _must_be_deployed_by_ecs(now)
        count = now.values["deployments"]
        is_told = bool(self.given(parameters)["deployment"])
        after = {**now.values, "deployments": count + 1, "is_replaced": is_told}
        call = _update(subject, forceNewDeployment=True)
        running = now.beside.get("running", 0)
        return Draft(
            before=now,
            expected=Image(after),
            steps=(Step("Deploy the same tasks anew", call),),
            changes=(Change("deployments", count, count + 1),),
            warnings=(f"{running} running tasks are replaced.",),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()


def _deployments(reads: Reads, subject: Subject) -> int:
    """How many deployments there were; AWS remembers those of 90 days."""
    cluster, name = service_of(subject)
    count, more = 0, {"maxResults": _MOST_DEPLOYMENTS}
    while True:
        page = reads.call(
            "ecs", "list_service_deployments", cluster=cluster, service=name, **more
        )
        count += len(page["serviceDeployments"])
        if not page.get("nextToken"):
            return count
        more = {**more, "nextToken": page["nextToken"]}


class RollBackService(Action):
    """Without a definition to go back to, only from the newest one: so that doing it
    twice does not go back twice."""

    identifier = "roll-back-service"
    title = "Roll a service of ECS back"
    says = "Lets a service run the task definition that it ran before."
    family = "containers"
    resource_types = _SERVICE
    parameters = (
        Parameter(
            "task_definition",
            "Task definition",
            "ARN, or family:revision; empty for the revision before the newest.",
            default="",
        ),
    )
    permissions = Permissions(
        read=("ecs:DescribeServices", "ecs:ListTaskDefinitions"),
        write=("ecs:UpdateService",),
    )

    def restoring(self, good: ConfigItem) -> Values:
        said = good.configuration
        arn = said.get("TaskDefinition") or said.get("taskDefinition") or ""
        return {"task_definition": str(arn)} if arn else {}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        service = _read_service(reads, subject)
        current = service["taskDefinition"]
        family = current.rpartition(":")[0]
        listed = reads.call(
            "ecs",
            "list_task_definitions",
            familyPrefix=family.rpartition("/")[2],
            status="ACTIVE",
            sort="DESC",
            maxResults=_MOST_REVISIONS,
        )["taskDefinitionArns"]
        own = [arn for arn in listed if arn.rpartition(":")[0] == family]
        return Image({"task_definition": current, "revisions": own}, _beside(service))

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        current = now.values["task_definition"]
        target = _target(self.given(parameters)["task_definition"], now.values)
        if target == current:
            return Draft.nothing(now)
        _must_be_deployed_by_ecs(now)
        short = target.rpartition("/")[2]
        call = _update(subject, taskDefinition=target)
        return Draft(
            before=now,
            expected=Image({**now.values, "task_definition": target}),
            steps=(Step(f"Run {short}", call),),
            changes=(Change("task_definition", current, target),),
            warnings=owners(now.beside.get("tags", {})),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        current = draft.before.values["task_definition"]
        call = _update(subject, taskDefinition=current)
        return (Step(f"Run {current.rpartition('/')[2]} again", call),)


def _target(wanted: str, values: Values) -> str:
    """The ARN of what is to run. Raises Refused."""
    revisions, current = values["revisions"], values["task_definition"]
    if wanted:
        for arn in (current, *revisions):
            if wanted in (arn, arn.rpartition("/")[2]):
                return str(arn)
        raise Refused(f"{wanted} is no active revision of what the service runs.")
    if not revisions or current != revisions[0]:
        return str(current)
    if len(revisions) == 1:
        raise Refused("There is no earlier active revision to go back to.")
    return str(revisions[1])
