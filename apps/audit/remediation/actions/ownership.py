"""Who else says what a resource is like: templates that would bring it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.audit.remediation.actions.base import Values

_STACK = "aws:cloudformation:stack-name"
_STACK_SET = "aws:servicecatalog:provisioningArtifactIdentifier"
_TOOLS = ("terraform", "opentofu", "pulumi", "cdk", "crossplane", "ansible")
_OWNERS = frozenset(
    {"managed-by", "managedby", "managed_by", "manager", "provisioner", "created-by",
     "createdby", "created_by", "iac", "tool"}
)  # fmt: skip
_FALSE = frozenset({"false", "no", "0", ""})


def tags_of(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as AWS lists them, with keys in either case, by key."""
    return {
        str(tag.get("Key", tag.get("key", ""))): str(
            tag.get("Value", tag.get("value", ""))
        )
        for tag in listed
    }


def owners(tags: Values) -> tuple[str, ...]:
    """A sentence for each template or tool that the tags name as the owner."""
    found = []
    if tags.get(_STACK):
        found.append(
            f"CloudFormation's stack {tags[_STACK]} made this: its next update may "
            "bring the old value back. Change the template too."
        )
    elif tags.get(_STACK_SET):
        found.append("Service Catalog made this: change the product too.")
    tool = _tool(tags)
    if tool:
        found.append(
            f"A tag says that {tool} manages this: its next run may bring the old "
            "value back. Change its code too."
        )
    return tuple(found)


def _tool(tags: Values) -> str:
    """Such as Terraform, of a tag `ManagedBy: terraform` or `terraform: true`."""
    for key, value in sorted(tags.items()):
        named, said = str(key).lower(), str(value).lower()
        for tool in _TOOLS:
            if named in _OWNERS and tool in said:
                return tool.capitalize()
            if (named == tool or named.startswith(f"{tool}:")) and said not in _FALSE:
                return tool.capitalize()
    return ""
