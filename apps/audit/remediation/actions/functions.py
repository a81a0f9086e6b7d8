"""Lambda: how many of a function run at once."""

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
    Step,
    Subject,
    Values,
)
from apps.audit.remediation.actions.ownership import owners

_MOST = 10_000


class ReserveConcurrency(Action):
    """What is reserved for a function is also the most that it gets."""

    identifier = "reserve-concurrency"
    title = "Reserve concurrency for a function"
    says = "Sets how many of a function run at once, at most and at any time."
    family = "functions"
    resource_types = ("AWS::Lambda::Function",)
    repairs = ("LAMBDA_CONCURRENCY_CHECK",)
    parameters = (
        Parameter(
            "reserved",
            "Reserved concurrency",
            "0 stops the function.",
            kind="integer",
            least=0,
            most=_MOST,
        ),
    )
    permissions = Permissions(
        read=("lambda:GetFunctionConcurrency", "lambda:GetFunction"),
        write=("lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency"),
    )

    def fitting(self, identifier: str, rule_parameters: Values) -> Values:
        for name in ("ConcurrencyLimitHigh", "concurrencyLimitHigh",
                     "ConcurrencyLimitLow", "concurrencyLimitLow"):  # fmt: skip
            if rule_parameters.get(name):
                return {"reserved": int(rule_parameters[name])}
        return {}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        # Of a function that is not there, GetFunctionConcurrency may say nothing.
        function = reads.call("lambda", "get_function", FunctionName=_name(subject))
        said = reads.call(
            "lambda", "get_function_concurrency", FunctionName=_name(subject)
        )
        return Image(
            {"reserved": said.get("ReservedConcurrentExecutions")},
            {"tags": dict(function.get("Tags") or {})},
        )

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        wanted = self.given(parameters)["reserved"]
        if wanted is None:
            raise Refused("Say how many of the function may run at once.")
        had = now.values["reserved"]
        if had == wanted:
            return Draft.nothing(now)
        stops = "Nothing runs the function then: every call of it is throttled."
        return Draft(
            before=now,
            expected=Image({"reserved": wanted}),
            steps=(Step(f"Reserve {wanted} for the function", _put(subject, wanted)),),
            changes=(Change("reserved", had, wanted),),
            warnings=(
                *((stops,) if wanted == 0 else ()),
                *owners(now.beside.get("tags", {})),
            ),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        had = draft.before.values["reserved"]
        if had is None:
            named = {"FunctionName": _name(subject)}
            call = Call("lambda", "delete_function_concurrency", named)
            return (Step("Reserve nothing for the function", call),)
        return (Step(f"Reserve {had} for the function again", _put(subject, had)),)


def _name(subject: Subject) -> str:
    return subject.name or subject.key.id


def _put(subject: Subject, reserved: int) -> Call:
    return Call(
        "lambda",
        "put_function_concurrency",
        {"FunctionName": _name(subject), "ReservedConcurrentExecutions": reserved},
    )
