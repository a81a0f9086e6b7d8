"""The scenarios of every action."""

from __future__ import annotations

from tests.contracts.actions import accounts, apis, network, storage

SCENARIOS = (
    *accounts.SCENARIOS,
    *apis.SCENARIOS,
    *network.SCENARIOS,
    *storage.SCENARIOS,
)
