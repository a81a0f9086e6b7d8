"""API Gateway: an API's resource policy refuses what does not come by TLS."""

from __future__ import annotations

import json
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

_ANY = "execute-api:/*"
_INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
_DENY = {
    "Sid": "HttpsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": _ANY,
    "Condition": _INSECURE,
}
_ALLOW = {
    "Sid": "AsBefore",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": _ANY,
}


class RestrictApiPolicy(Action):
    """An API without a policy is open to all whom its methods let in: so that it
    stays so, the new policy allows what it does not deny."""

    identifier = "restrict-api-policy"
    title = "Let an API's policy refuse plain HTTP"
    says = (
        "Adds a statement that denies requests without TLS to an API's policy, or "
        "puts an earlier policy back."
    )
    family = "api"
    resource_types = ("AWS::ApiGateway::RestApi",)
    parameters = (
        Parameter(
            "policy",
            "Policy",
            "An earlier policy to put back; empty to add the statement to the present.",
            kind="json",
        ),
    )
    permissions = Permissions(
        read=("apigateway:GET",),
        write=("apigateway:PATCH", "apigateway:UpdateRestApiPolicy"),
    )

    def restoring(self, good: ConfigItem) -> Values:
        policy = good.configuration.get("policy")
        parsed = _parsed(policy) if isinstance(policy, str) else policy
        return {"policy": parsed} if parsed else {}

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        answer = reads.call("apigateway", "get_rest_api", restApiId=api_of(subject))
        policy = _parsed(answer.get("policy") or "")
        return Image({"policy": policy}, {"tags": dict(answer.get("tags") or {})})

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        policy = now.values["policy"]
        wanted = self.given(parameters)["policy"] or _with_denial(policy)
        if policy == wanted:
            return Draft.nothing(now)
        return Draft(
            before=now,
            expected=Image({"policy": wanted}),
            steps=(Step("Put the policy", _put(subject, wanted)),),
            changes=(Change("policy", policy, wanted),),
            warnings=(
                "API Gateway heeds a changed policy from the API's next deployment on.",
                *owners(now.beside.get("tags", {})),
            ),
        )

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        policy = draft.before.values["policy"]
        return (Step("Put the policy back", _put(subject, policy)),)


def api_of(subject: Subject) -> str:
    """The id of an API, of its ARN or of itself. Raises Refused."""
    found = subject.key.id.rpartition("/restapis/")[2].strip("/")
    if not found or "/" in found or ":" in found:
        raise Refused(f"{subject.key.id} does not name an API.")
    return found


def _parsed(text: str) -> Any:
    """None for no policy. API Gateway answers with every quote escaped."""
    if not text:
        return None
    plain = text if "\\" not in text else json.loads(f'"{text}"')
    try:
        return json.loads(plain)
    except ValueError as error:
        raise Refused("The API's policy cannot be read.") from error


def _with_denial(policy: Any) -> dict[str, Any]:
    if policy is None:
        return {"Version": "2012-10-17", "Statement": [dict(_ALLOW), dict(_DENY)]}
    stated = policy.get("Statement", [])
    statements = stated if isinstance(stated, list) else [stated]
    if any(_denies(one) for one in statements):
        return dict(policy)
    return {**policy, "Statement": [*statements, dict(_DENY)]}


def _denies(statement: Any) -> bool:
    """Whether a statement denies everybody's requests without TLS."""
    if not isinstance(statement, dict) or statement.get("Effect") != "Deny":
        return False
    asked = statement.get("Condition", {}).get("Bool", {})
    said = {str(name).lower(): str(value).lower() for name, value in asked.items()}
    is_for_all = statement.get("Principal") in ("*", {"AWS": "*"})
    return is_for_all and said == {"aws:securetransport": "false"}


def _put(subject: Subject, policy: Any) -> Call:
    """An empty text removes the policy."""
    text = "" if policy is None else json.dumps(policy, separators=(",", ":"))
    return Call(
        "apigateway",
        "update_rest_api",
        {
            "restApiId": api_of(subject),
            "patchOperations": [{"op": "replace", "path": "/policy", "value": text}],
        },
    )
