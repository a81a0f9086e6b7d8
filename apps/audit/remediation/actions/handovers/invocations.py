"""Lambda: a function repairs the resource.

What can be followed: of a function that is waited for, its answer. Of one that is
not, what it writes to its log group: that it ended, and whether an error was written
meanwhile. A function that writes no logs cannot be followed so.
"""

from __future__ import annotations

import json
from typing import Any

from apps.audit.remediation.actions.base import (
    Call,
    Draft,
    HandOver,
    Image,
    Parameter,
    Permissions,
    Progress,
    Reads,
    Refused,
    Reversibility,
    Step,
    Subject,
    Values,
)
from apps.discovery.aws import AwsGone

_WAIT, _LATER = "wait", "later"
_DONE, _FAILED, _EVENT = "done:", "failed:", "event:"
_MOST_TEXT = 300
_ERRORS = ("[ERROR]", "Task timed out", "\tERROR\t", "Runtime exited")


class InvokeFunction(HandOver):
    """Lambda has no token for an invocation: where its answer is lost, nobody knows
    whether the function ran, and a person looks."""

    identifier = "invoke-function"
    title = "Invoke a function of Lambda"
    says = "Invokes a function with the resource as its event."
    family = "functions-run"
    resource_types = ()
    parameters = (
        Parameter("function", "Function", "Name or ARN.", default=""),
        Parameter(
            "event",
            "Event",
            "An object; the resource is put into it as `resource`.",
            kind="json",
        ),
        Parameter(
            "mode",
            "Follow by",
            "wait: its answer, of a function of at most 15 s; later: its log lines.",
            kind="choice",
            default=_LATER,
            choices=(_LATER, _WAIT),
        ),
    )
    permissions = Permissions(
        read=("lambda:GetFunctionConfiguration", "logs:FilterLogEvents"),
        write=("lambda:InvokeFunction",),
    )
    reversibility = Reversibility.NONE
    irreversible_because = "What a function changed is known to the function alone."

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        said = self._configuration(reads, parameters)
        return Image(
            {
                "function": said["FunctionArn"],
                "code": said.get("CodeSha256", ""),
                "timeout_seconds": said.get("Timeout", 0),
            }
        )

    def _configuration(self, reads: Reads, parameters: Values) -> Values:
        name = self.given(parameters)["function"]
        if not name:
            raise Refused("Say which function is to run.")
        return reads.call("lambda", "get_function_configuration", FunctionName=name)

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        given = self.given(parameters)
        is_waited_for = given["mode"] == _WAIT
        if is_waited_for and now.values["timeout_seconds"] > 15:  # noqa: PLR2004
            raise Refused("The function may take more than 15 s: follow its log lines.")
        call = Call(
            "lambda",
            "invoke",
            {
                "FunctionName": now.values["function"],
                "InvocationType": "RequestResponse" if is_waited_for else "Event",
                "Payload": json.dumps(_event(subject, given["event"])),
            },
        )
        title = f"Invoke {now.values['function'].rpartition(':')[2]}"
        warning = "What it changes is up to the function and its role."
        return Draft(now, now, (Step(title, call),), (), (warning,))

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()

    def reference(self, answer: Values) -> str:
        request = answer.get("ResponseMetadata", {}).get("RequestId", "")
        if answer.get("StatusCode") != 200:  # noqa: PLR2004 - 202 is taken for later
            return f"{_EVENT}{request}"
        text = _read(answer.get("Payload"))[:_MOST_TEXT]
        return f"{_FAILED if answer.get('FunctionError') else _DONE}{text}"

    def find(
        self, reads: Reads, subject: Subject, parameters: Values, token: str
    ) -> str:
        return ""

    def follow(self, reads: Reads, parameters: Values, reference: str) -> Progress:
        for beginning in (_DONE, _FAILED):
            if reference.startswith(beginning):
                text = reference.removeprefix(beginning)
                return Progress(
                    is_over=True, is_good=beginning == _DONE, text=f"It answered {text}"
                )
        return self._logged(reads, parameters, reference.removeprefix(_EVENT))

    def _logged(self, reads: Reads, parameters: Values, request: str) -> Progress:
        said = self._configuration(reads, parameters)
        named = said["FunctionName"]
        group = said.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{named}"
        ended = _lines(reads, logGroupName=group, filterPattern=f'"{request}"')
        reports = [one for one in ended if one["message"].startswith("REPORT ")]
        if not reports:
            text = "Lambda took it; its log group says nothing of its end yet."
            return Progress(is_over=False, is_good=False, text=text)
        begun = min(one["timestamp"] for one in ended)
        every = _lines(
            reads,
            logGroupName=group,
            logStreamNames=[reports[-1]["logStreamName"]],
            startTime=begun,
            endTime=reports[-1]["timestamp"],
        )
        errors = [
            _shortened(one["message"]) for one in every if _is_error(one["message"])
        ]
        if errors:
            return Progress(is_over=True, is_good=False, text=errors[0])
        return Progress(is_over=True, is_good=True, text="It ended without an error.")


def _event(subject: Subject, given: Any) -> dict[str, Any]:
    if given is not None and not isinstance(given, dict):
        raise Refused("The event is to be an object.")
    key = subject.key
    resource = {
        "account": key.account,
        "region": key.region,
        "type": key.type,
        "id": key.id,
        "arn": subject.arn,
        "name": subject.name,
    }
    return {**(given or {}), "resource": resource}


def _read(payload: Any) -> str:
    """boto3 gives a stream."""
    content = payload.read() if hasattr(payload, "read") else payload
    if isinstance(content, bytes):
        return content.decode(errors="replace")
    return "" if content is None else str(content)


def _lines(reads: Reads, **asked: Any) -> list[Values]:
    """None of a group that is not there yet."""
    try:
        pages = reads.pages("logs", "filter_log_events", **asked)
    except AwsGone:
        return []
    return [one for page in pages for one in page["events"]]


def _is_error(message: str) -> bool:
    is_reported = message.startswith("REPORT ") and "\tStatus: " in message
    return is_reported or any(one in message for one in _ERRORS)


def _shortened(message: str) -> str:
    return message.replace("\r", " ").strip()[:_MOST_TEXT]
