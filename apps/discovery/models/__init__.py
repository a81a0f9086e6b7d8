"""Rows of discovery, a file for each room."""

from apps.discovery.models.inventory import (
    ConfigFile,
    ConfigGap,
    ConfigNotice,
    ConfigSource,
    Resource,
    ResourceChange,
    ResourceItem,
    ResourceLink,
    SavedSelect,
)
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
    "ConfigFile",
    "ConfigGap",
    "ConfigNotice",
    "ConfigSource",
    "Grant",
    "Heartbeat",
    "RateSlot",
    "Resource",
    "ResourceChange",
    "ResourceItem",
    "ResourceLink",
    "SavedSelect",
    "SignInLink",
    "User",
    "new_external_id",
]
