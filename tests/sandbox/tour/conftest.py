"""The AWS CLI with a user that may do everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.calls import Finished
from sandbox.kernel.cloud import HOME_REGION
from tests.sandbox.test_identity import EVERYTHING
from tests.sandbox.tour.aws import Aws


@pytest.fixture
def aws(
    url: str,
    user: Callable[..., Mapping[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Aws:
    cli = Aws(monkeypatch, url, HOME_REGION)
    cli.use(user("visitor", EVERYTHING))
    return cli


@pytest.fixture
def walked(sandbox: Sandbox) -> set[str]:
    """The operations that were answered, as `sts:AssumeRole`."""
    seen: set[str] = set()

    def note(finished: Finished) -> None:
        if finished.error is None:
            seen.add(f"{finished.call.service}:{finished.call.operation}")

    sandbox.cloud.on_call(note)
    return seen


def all_of(sandbox: Sandbox, service: str) -> set[str]:
    """Every operation a service of ours has a handler for."""
    return {f"{service}:{name}" for name in sandbox.service(service).operations}
