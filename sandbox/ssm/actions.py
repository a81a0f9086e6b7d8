"""What the actions of an automation's steps do.

Source: Systems Manager User Guide, "Systems Manager Automation actions reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from sandbox.kernel import jsonpaths
from sandbox.ssm import branches, scripts
from sandbox.ssm.executions import Execution, Step
from sandbox.ssm.variables import as_text

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_ABOUT_CALL = frozenset({"Service", "Api", "PropertySelector", "DesiredValues"})


class StepFailed(Exception):
    """The step ends with an error; the message is its failure."""


class Waiting(Exception):
    """The step is not over: look at it again later. The message is its status."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step at work, with boto3 clients that act for its automation."""

    execution: Execution
    step: Step
    inputs: Mapping[str, Any]
    clients: Callable[[str], Any]
    now: float


Outputs = dict[str, Any]


def act(moment: Moment) -> Outputs:
    """Raises StepFailed, or Waiting while the step is not over."""
    action = _ACTIONS.get(moment.step.action)
    if action is None:
        raise StepFailed(f"The sandbox does not have the action {moment.step.action}.")
    return action(moment)


def _call(moment: Moment) -> Any:
    given = {k: v for k, v in moment.inputs.items() if k not in _ABOUT_CALL}
    given.pop("OutputPayload", None)
    client = moment.clients(str(moment.inputs["Service"]).lower())
    method = getattr(client, xform_name(moment.inputs["Api"]), None)
    if method is None:
        raise StepFailed(f"{moment.inputs['Service']} has no {moment.inputs['Api']}.")
    try:
        answer = method(**given)
    except (ClientError, ParamValidationError) as error:
        raise StepFailed(str(error)) from error
    answer.pop("ResponseMetadata", None)
    return answer


def _execute_api(moment: Moment) -> Outputs:
    answer = _call(moment)
    outputs = {"OutputPayload": answer}
    for wanted in moment.step.written.get("outputs") or ():
        found = jsonpaths.find(wanted["Selector"], answer)
        if found is jsonpaths.ABSENT:
            raise StepFailed(f"The output {wanted['Name']} is not in the answer.")
        outputs[wanted["Name"]] = found
    return outputs


def _property(moment: Moment) -> tuple[str, list[str]]:
    """The resource's property now, and what it should be."""
    found = jsonpaths.find(moment.inputs["PropertySelector"], _call(moment))
    is_absent = found is jsonpaths.ABSENT
    desired = [as_text(value).lower() for value in moment.inputs["DesiredValues"]]
    return ("" if is_absent else as_text(found)), desired


def _assert_property(moment: Moment) -> Outputs:
    found, desired = _property(moment)
    if found.lower() not in desired:
        raise StepFailed(
            f"Failed to assert property: the value is {found}, not one of {desired}."
        )
    return {}


def _wait_for_property(moment: Moment) -> Outputs:
    found, desired = _property(moment)
    if found.lower() not in desired:
        raise Waiting("InProgress")
    return {}


def _sleep(moment: Moment) -> Outputs:
    parsed = _DURATION.fullmatch(str(moment.inputs.get("Duration", "")))
    if parsed is None:
        raise StepFailed("Duration is not an ISO 8601 duration.")
    wanted = sum(int(parsed[part] or 0) * seconds for part, seconds in _SECONDS.items())
    if moment.now < (moment.step.started or moment.now) + wanted:
        raise Waiting("InProgress")
    return {}


def _branch(moment: Moment) -> Outputs:
    """The engine reads where to go from the outputs."""
    name = branches.choose(moment.inputs)
    return {branches.NEXT: name} if name else {}


def _approve(moment: Moment) -> Outputs:
    least = int(moment.inputs.get("MinRequiredApprovals") or 1)
    approvers = [who for what, who in moment.step.signals if what == "Approve"]
    rejecters = [who for what, who in moment.step.signals if what == "Reject"]
    if rejecters:
        raise StepFailed(f"Rejected by {rejecters[0]}.")
    if len(set(approvers)) < least:
        raise Waiting("Waiting")
    return {"ApprovalStatus": "Approved", "ApproverDecisions": approvers}


def _pause(moment: Moment) -> Outputs:
    if not any(what == "Resume" for what, _ in moment.step.signals):
        raise Waiting("Waiting")
    return {}


def _change_state(moment: Moment) -> Outputs:
    ec2, wanted = moment.clients("ec2"), moment.inputs["DesiredState"]
    given = moment.inputs["InstanceIds"]
    ids = given if isinstance(given, list) else [given]
    change = {
        "running": ec2.start_instances,
        "stopped": ec2.stop_instances,
        "terminated": ec2.terminate_instances,
    }
    try:
        if moment.step.status == "Pending":
            change[wanted](InstanceIds=ids)
        found = ec2.describe_instances(InstanceIds=ids)
    except ClientError as error:
        raise StepFailed(str(error)) from error
    states = jsonpaths.find("$.Reservations[*].Instances[*].State.Name", found)
    flat = [state for of_one in states for state in of_one]
    if any(state != wanted for state in flat):
        raise Waiting("InProgress")
    return {"InstanceStates": flat}


def _execute_script(moment: Moment) -> Outputs:
    """Only the scripts of AWS's own documents; nobody's code runs here."""
    script = scripts.SCRIPTS.get(moment.inputs["Handler"])
    if script is None or not moment.execution.document_name.startswith("AWS"):
        raise StepFailed("The sandbox runs no scripts of your own.")
    try:
        found = script(moment.clients, moment.inputs["InputPayload"], moment.now)
    except (ClientError, scripts.ScriptFailed) as error:
        raise StepFailed(str(error)) from error
    return {"OutputPayload": dict(found)}


_ACTIONS: Mapping[str, Callable[[Moment], Outputs]] = {
    "aws:approve": _approve,
    "aws:assertAwsResourceProperty": _assert_property,
    "aws:branch": _branch,
    "aws:changeInstanceState": _change_state,
    "aws:executeAwsApi": _execute_api,
    "aws:executeScript": _execute_script,
    "aws:pause": _pause,
    "aws:sleep": _sleep,
    "aws:waitForAwsResourceProperty": _wait_for_property,
}
