"""Who answers for a resource, by its tags."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

_LONGEST = 200


def owner_of(tags: Mapping[str, str]) -> str:
    """The value of the first tag that names an owner, "" without one. Names are
    compared without regard to case."""
    by_name = {str(name).lower(): str(value) for name, value in tags.items()}
    for name in settings.OWNER_TAGS:
        if owner := by_name.get(name.lower()):
            return owner[:_LONGEST]
    return ""
