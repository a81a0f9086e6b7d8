"""What a test needs of the servers: an address, or to be skipped in plain sight."""

import os

import pytest

from tests.servers.all import Server


def needs(server: Server) -> str:
    """The URL of a running server. Where there is none the test is skipped with the
    reason; where CI decides, it fails."""
    if server.process.is_running():
        return server.url
    reason = f"{server.name} is not running: script/servers up"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
