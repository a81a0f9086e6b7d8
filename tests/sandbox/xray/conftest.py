"""X-Ray of the shop's account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Client


@pytest.fixture
def xray(client: Client) -> Any:
    return client("xray")
