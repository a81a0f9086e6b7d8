"""What a violation's page tells of repairs, without compliance knowing remediation.

Settings name the functions: REPAIR_LINKS, callables of (violation, viewer) by dotted
paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from apps.audit.models import Violation
from apps.discovery.models import User


@dataclass(frozen=True, slots=True)
class RepairLink:
    """`text` says what would be done; `url` is a page, opened by GET."""

    text: str
    url: str
    hint: str = ""


RepairLinks: TypeAlias = Callable[[Violation, User], Sequence[RepairLink]]


def links_of(violation: Violation, viewer: User) -> list[RepairLink]:
    """What was, is being or can be done about it, as each source knows."""
    sources: list[RepairLinks] = [import_string(path) for path in settings.REPAIR_LINKS]
    return [link for source in sources for link in source(violation, viewer)]
