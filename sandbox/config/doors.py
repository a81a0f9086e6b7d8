"""The types of resources that are recorded."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.config import doors_network, doors_storage, doors_work
from sandbox.config.door import Door

DOORS: Mapping[str, Door] = {
    door.resource_type: door
    for door in (*doors_network.DOORS, *doors_storage.DOORS, *doors_work.DOORS)
}
RESOURCE_COMPLIANCE = "AWS::Config::ResourceCompliance"
GLOBAL_TYPES = frozenset(
    {"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"}
)
"""Recorded only by recorders that include the global types."""
