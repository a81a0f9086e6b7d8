"""X-Ray's groups, as filter expressions name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.tracing.models import TraceGroup
from apps.tracing.traces.filters import parsing
from apps.tracing.traces.filters.evaluating import Groups
from apps.tracing.traces.filters.syntax import AllOf, AnyOf, FilterError, Node

_EVERY_TRACE = AllOf(())


def known_groups(accounts: Iterable[str] | None) -> Groups:
    """Expressions of the groups of these accounts, or of all, by name and by ARN. A
    trace is in a group of several accounts where it is in that of one; groups whose
    expression cannot be read are left out."""
    rows = TraceGroup.objects.all()
    if accounts is not None:
        rows = rows.filter(scope__account__in=accounts)
    found: defaultdict[tuple[str, str], list[Node]] = defaultdict(list)
    for name, arn, expression in rows.values_list("name", "arn", "expression"):
        try:
            node = parsing.read(expression) if expression else _EVERY_TRACE
        except FilterError:
            continue  # a grammar newer than ours
        found["group.name", name].append(node)
        found["group.arn", arn].append(node)
    return {key: AnyOf(tuple(nodes)) for key, nodes in found.items()}
