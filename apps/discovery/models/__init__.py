"""Rows of discovery, a file for each room."""

from apps.discovery.models.inventory import ConfigFile, ConfigGap, ConfigNotice, ConfigSource, Resource, ResourceChange, ResourceItem, ResourceLink, SavedSelect
from apps.discovery.models.people import Account, ApiToken, Grant, Heartbeat, ROLE_CHOICES, RateSlot, SignInLink, User, new_external_id

__all__ = [
    "Account",
    "ApiToken",
    "ConfigFile",
    "ConfigGap",
    "ConfigNotice",
    "ConfigSource",
    "Grant",
    "Heartbeat",
    "ROLE_CHOICES",
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
