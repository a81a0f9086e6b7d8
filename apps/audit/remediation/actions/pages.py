"""Pages of the documentation that are made from the actions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from apps.audit.remediation.actions import policies
from apps.audit.remediation.actions.base import (
    Action,
    HandOver,
    Parameter,
    Reversibility,
)
from apps.audit.remediation.actions.registry import actions

_FOLDER = "docs/iam-policies"
_UNDONE = {
    Reversibility.FULL: "yes",
    Reversibility.PARTIAL: "in part",
    Reversibility.NONE: "no",
}


def files() -> dict[str, str]:
    """Every generated file, by its path in the project."""
    made = {
        f"{_FOLDER}/{family}.json": _json(policies.family_policy(family))
        for family in policies.families()
    }
    return {
        **made,
        f"{_FOLDER}/reads.json": _json(policies.read_policy()),
        f"{_FOLDER}/trust.json": _json(policies.trust_policy()),
        f"{_FOLDER}/README.md": policies_page(),
        "docs/actions.md": actions_page(),
    }


def _json(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, indent=2) + "\n"


def policies_page() -> str:
    rows = [
        f"| `{policies.ROLE.format(family=family)}` | "
        f"[{family}.json]({family}.json) | "
        f"{', '.join(one.title for one in policies.of_family(family))} |"
        for family in policies.families()
    ]
    return f"""# Roles that repair

One role for each family of actions, so that you allow only what you want repaired:
make none, and nothing is repaired. Nobody reads by these roles, and the website never
assumes them: the worker does, for one run, narrowed by a session policy to what that
run needs.

| Role | Policy | For |
|---|---|---|
{chr(10).join(rows)}

Fill in REGION, ACCOUNT and the other words in capitals, and name fewer resources where
you can. Outside the partition `aws`, change it in every ARN.

- [trust.json](trust.json) is the trust policy of each of these roles: for the role of
  the worker only, with the ExternalId from the account's page, and with a
  SourceIdentity that names the run. CloudTrail shows it with every call.
- [reads.json](reads.json) is what the role that reads needs so that plans can be made
  and verified: the part of [docs/iam.md](../iam.md) that is called ReadWhatIsRepaired.
- The second statement of each policy denies what no repair may do: stop a trail or a
  recorder, give itself or others rights. It holds whatever else you attach.
- AWS may also ask for `iam:PassRole`: `containers` on the roles of the tasks,
  `automation` on the role of the runbook.
- A second switch beside the site's own: take the statement out of the trust policy, or
  deny `sts:AssumeRole` on `{policies.ROLE.format(family="*")}` in a service control
  policy.

These files are made from the code, and a test holds them to it. What they allow was
tried against the sandbox, which names permissions as AWS's Service Authorization
Reference does, and never against AWS.
"""


def actions_page() -> str:
    repairs = [one for one in actions() if not isinstance(one, HandOver)]
    handed = [one for one in actions() if isinstance(one, HandOver)]
    return f"""# Actions

What can be repaired, and how. An action reads a resource, says which calls it would
make and what would be different afterwards, and how to take that back. It makes no
call: [whoever runs a plan](architecture.md) does, one at a time, after every gate.

{_table(repairs)}

## Hand-overs

Repairs that something of yours carries out. They work on resources of any type. The
plan holds what would run, down to the version or the digest of its code: if that
changes, the plan is stale. They cannot be undone from here.

{_table(handed)}

- Automation: started with a token, so that a second call starts nothing; followed step
  by step.
- Step Functions: standard workflows only. The execution is named by the plan's token,
  found again by it, and followed state by state in a graph of its definition.
- Lambda has no token: where the answer to an invocation is lost, nobody knows whether
  the function ran, and a person decides. A function that is waited for is followed by
  its answer, any other by its log group: it is over when its REPORT line is there,
  and good if it wrote no error meanwhile. Without logs it cannot be followed.

## In detail

{chr(10).join(_detail(one) for one in actions())}
## What was tried

Every action here passes one suite against the [sandbox](sandbox.md), over HTTP, with
the permissions it declares and no others: plan, each step, verify, undo, a change by
somebody else, a refused and a throttled call, a resource that is gone. **None of them
ever met AWS.** The sandbox changes databases, load balancers and records at once, AWS
within seconds or minutes. Two things are unproven in particular: that Route 53 takes
the exchange of a primary and a secondary in one batch, and that the count of the
deployments of a service (AWS remembers those of 90 days) tells a restart that began
from one that did not.

This page is made from the code; a test holds it to that.
"""


def _table(listed: Iterable[Action]) -> str:
    rows = [
        f"| [{one.title}](#{one.identifier}) | {_types(one)} | {_rules(one)} | "
        f"{_UNDONE[one.reversibility]} |"
        for one in listed
    ]
    head = (
        "| Action | Works on | Repairs the rules | Can be undone |\n|---|---|---|---|"
    )
    return "\n".join([head, *rows])


def _types(action: Action) -> str:
    return _codes(action.resource_types) or "anything"


def _rules(action: Action) -> str:
    return _codes(action.repairs) or "by hand"


def _detail(action: Action) -> str:
    why = f" {action.irreversible_because}" if action.irreversible_because else ""
    lines = [
        f"### {action.identifier}",
        "",
        action.says,
        "",
        f"- Can be undone: {_UNDONE[action.reversibility]}.{why}",
        f"- Reads with {_codes(action.permissions.read)}",
        f"- Writes with {_codes(action.permissions.write)}, as the role "
        f"`{policies.ROLE.format(family=action.family)}`",
        *(_parameter(one) for one in action.parameters),
        "",
    ]
    return "\n".join(lines)


def _codes(listed: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in listed)


def _parameter(one: Parameter) -> str:
    said = ". ".join(text.rstrip(".") for text in (one.title, one.help) if text)
    limits = [
        f"from {one.least}" if one.least is not None else "",
        f"to {one.most}" if one.most is not None else "",
    ]
    more = [
        f"one of {', '.join(one.choices)}" if one.choices else "",
        " ".join(limit for limit in limits if limit),
        _default(one),
    ]
    return f"- `{one.name}` ({one.kind}): {'; '.join([said, *filter(None, more)])}"


def _default(one: Parameter) -> str:
    if one.default in (None, ""):
        return ""
    return f"{json.dumps(one.default)} if not given"
