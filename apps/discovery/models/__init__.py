"""Rows of discovery, a file for each room."""

from apps.discovery.models.inventory import Resource, ResourceItem
from apps.discovery.models.people import (
    ROLE_CHOICES,
    Account,
    ApiToken,
    Grant,
    Heartbeat,
    RateSlot,
    SignInLink,
    User,
    new_external_id,
)

__all__ = [
    "ROLE_CHOICES",
    "Account",
    "ApiToken",
    "Grant",
    "Heartbeat",
    "RateSlot",
    "Resource",
    "ResourceItem",
    "SignInLink",
    "User",
    "new_external_id",
]
