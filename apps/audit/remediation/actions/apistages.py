"""API Gateway: a stage hands requests on over HTTPS only.

AWS does not say what a deployment holds. What a stage served while the rule passed
is known from its history; without that, the deployment made before the present one is
taken for good, and a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
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
from apps.audit.remediation.actions.ownership import owners
from apps.discovery.inventory.items import ConfigItem

_PAGE = 500
_PLAIN, _SAFE = "http://", "https://"


def stage_of(subject: Subject) -> tuple[str, str]:
    """API and stage of arn:aws:apigateway:REGION::/restapis/API/stages/STAGE.

    Raises Refused.
    """
    text = subject.arn or subject.key.id
    _, found, rest = text.partition("/restapis/")
    api, slash, stage = rest.partition("/stages/")
    if not found or not slash or not api or not stage:
        raise Refused(f"{text} does not name a stage of an API.")
    return api, stage


class RestoreStage(Action):
    """First the stage, which ends the harm at once, in one call; then each
    integration that the next deployment would publish again."""

    identifier = "restore-api-stage"
    title = "Restore a stage to HTTPS only"
    says = (
        "Points a stage back to a deployment that was good, and integrations to HTTPS."
    )
    family = "api"
    resource_types = ("AWS::ApiGateway::Stage",)
    repairs = ("TRAILMAP_API_GW_INTEGRATIONS_TLS",)
    parameters = (
        Parameter(
            "deployment",
            "Deployment",
            "Id of the deployment to go back to; empty for the one before.",
            default="",
        ),
        Parameter(
            "variable",
            "Stage variable",
            "One that says whether clients must use TLS; left alone where the stage "
            "has none of this name.",
            default="clientTls",
        ),
        Parameter("value", "Its value", default="Enabled"),
        Parameter(
            "variables",
            "All stage variables",
            "The variables as they were, such as those of an earlier configuration; "
            "instead of the one above.",
            kind="json",
        ),
    )
    permissions = Permissions(read=("apigateway:GET",), write=("apigateway:PATCH",))

    def restoring(self, good: ConfigItem) -> Values:
        deployment = good.configuration.get("deploymentId", "")
        variables = good.configuration.get("variables") or {}
        return {"deployment": str(deployment), "variables": dict(variables)}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        api, name = stage_of(subject)
        stage = reads.call("apigateway", "get_stage", restApiId=api, stageName=name)
        return Image(
            {
                "deployment": stage.get("deploymentId", ""),
                "variables": dict(stage.get("variables") or {}),
                "deployments": _deployments(reads, api),
                "plain": dict(sorted(_plain(reads, api))),
            },
            {"tags": dict(stage.get("tags") or {})},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given = self.given(parameters)
        target = _target(given, now)
        variables = _wanted_variables(given, now.values["variables"])
        images = _images(now, target, variables)
        if len(images) == 1:
            return Draft.nothing(now)
        return Draft(
            before=now,
            expected=images[-1],
            steps=_steps(subject, images),
            changes=_changes(now.values, images[-1].values),
            warnings=(
                *_guessed(given, now, target),
                *owners(now.beside.get("tags", {})),
            ),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return _steps(subject, tuple(reversed(_images_of(draft))))

    def state_after(self, draft: Draft, done: int) -> Image:
        return _images_of(draft)[done]


def _deployments(reads: Reads, api: str) -> list[str]:
    """Ids, oldest first."""
    pages = reads.pages("apigateway", "get_deployments", restApiId=api)
    items = [one for page in pages for one in page.get("items", ())]
    return [one["id"] for one in sorted(items, key=lambda one: one["createdDate"])]


def _plain(reads: Reads, api: str) -> Iterator[tuple[str, str]]:
    """Where integrations point to that go over plain HTTP, by resource and method.
    What goes over a VPC link does not leave the network."""
    pages = reads.pages(
        "apigateway",
        "get_resources",
        restApiId=api,
        embed=["methods"],
        PaginationConfig={"PageSize": _PAGE},
    )
    for resource in (one for page in pages for one in page.get("items", ())):
        for verb, method in (resource.get("resourceMethods") or {}).items():
            integration = method.get("methodIntegration") or {}
            uri = str(integration.get("uri") or "")
            is_inside = integration.get("connectionType") == "VPC_LINK"
            if uri.lower().startswith(_PLAIN) and not is_inside:
                yield f"{resource['id']} {verb}", uri


def _target(given: Values, now: Image) -> str:
    """The deployment to serve: as given, or the one before, or the present one where
    nothing says that it is wrong."""
    values = now.values
    wanted = str(given["deployment"])
    if wanted and wanted not in values["deployments"]:
        raise Refused(f"The API no longer has the deployment {wanted}.")
    is_wrong = values["plain"] or values["variables"] != _wanted_variables(
        given, values["variables"]
    )
    if wanted or not is_wrong:
        return wanted or str(values["deployment"])
    before = values["deployments"][: _place(values)]
    if not before:
        raise Refused(
            "The stage serves the API's first deployment: there is none to go back "
            "to. Correct the integrations and deploy the API."
        )
    return str(before[-1])


def _place(values: Values) -> int:
    """Of the present deployment; 0 where the API does not list it."""
    listed: list[str] = values["deployments"]
    return listed.index(values["deployment"]) if values["deployment"] in listed else 0


def _wanted_variables(given: Values, had: Values) -> dict[str, str]:
    if given["variables"] is not None:
        return {str(name): str(value) for name, value in given["variables"].items()}
    name = given["variable"]
    return {**had, name: given["value"]} if name in had else dict(had)


def _images(now: Image, target: str, variables: Values) -> tuple[Image, ...]:
    """As it is, and after each step."""
    values = dict(now.values)
    stage = {**values, "deployment": target, "variables": dict(variables)}
    images = [now] if stage == values else [now, Image(stage)]
    plain = dict(values["plain"])
    while plain:
        del plain[min(plain)]
        images.append(Image({**stage, "plain": dict(plain)}))
    return tuple(images)


def _images_of(draft: Draft) -> tuple[Image, ...]:
    wanted = draft.expected.values
    return _images(draft.before, wanted["deployment"], wanted["variables"])


def _steps(subject: Subject, images: tuple[Image, ...]) -> tuple[Step, ...]:
    """The call from each image to the next; either way along the plan."""
    return tuple(
        _step(subject, old.values, new.values) for old, new in pairwise(images)
    )


def _step(subject: Subject, old: Values, new: Values) -> Step:
    if old["plain"] == new["plain"]:
        return _stage_step(subject, old, new)
    (where,) = old["plain"].keys() ^ new["plain"].keys()
    plain = (old["plain"] | new["plain"])[where]
    uri = plain if where in new["plain"] else _SAFE + plain[len(_PLAIN) :]
    resource, _, verb = where.partition(" ")
    call = Call(
        "apigateway",
        "update_integration",
        {
            "restApiId": stage_of(subject)[0],
            "resourceId": resource,
            "httpMethod": verb,
            "patchOperations": [{"op": "replace", "path": "/uri", "value": uri}],
        },
    )
    return Step(f"Point {verb} of {resource} to {uri}", call)


def _stage_step(subject: Subject, old: Values, new: Values) -> Step:
    api, stage = stage_of(subject)
    patches: list[dict[str, str]] = []
    if old["deployment"] != new["deployment"]:
        value = new["deployment"]
        patches.append({"op": "replace", "path": "/deploymentId", "value": value})
    before, after = old["variables"], new["variables"]
    for name in sorted(before.keys() | after.keys()):
        path = f"/variables/{name}"
        if name not in after:
            patches.append({"op": "remove", "path": path})
        elif before.get(name) != after[name]:
            patches.append({"op": "replace", "path": path, "value": after[name]})
    call = Call(
        "apigateway",
        "update_stage",
        {"restApiId": api, "stageName": stage, "patchOperations": patches},
    )
    return Step(f"Let {stage} serve deployment {new['deployment']}", call)


def _changes(old: Values, new: Values) -> tuple[Change, ...]:
    return tuple(_differences(old, new))


def _differences(old: Values, new: Values) -> Iterator[Change]:
    if old["deployment"] != new["deployment"]:
        yield Change("deploymentId", old["deployment"], new["deployment"])
    before, after = old["variables"], new["variables"]
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Change(f"variables.{name}", before.get(name), after.get(name))
    for where, uri in old["plain"].items():
        yield Change(f"integration {where}", uri, _SAFE + uri[len(_PLAIN) :])


def _guessed(given: Any, now: Image, target: str) -> tuple[str, ...]:
    found = []
    if not given["deployment"] and target != now.values["deployment"]:
        found.append(
            f"Deployment {target} was made before the present one and is taken for "
            "good: no earlier configuration of the stage says which was."
        )
    if now.values["plain"]:
        found.append("The servers behind must answer over HTTPS at the same address.")
    return tuple(found)
