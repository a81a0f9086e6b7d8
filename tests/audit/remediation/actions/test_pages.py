"""What the documentation says of actions is what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.audit.remediation.actions import policies
from apps.audit.remediation.actions.pages import files
from apps.audit.remediation.actions.registry import actions

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("name", sorted(files()))
def test_a_generated_file_is_as_the_code_makes_it(name: str) -> None:
    assert (ROOT / name).read_text() == files()[name]


def test_no_policy_is_of_a_family_that_is_no_more() -> None:
    found = {path.name for path in (ROOT / "docs" / "iam-policies").glob("*.json")}

    assert found == {Path(name).name for name in files() if name.endswith(".json")}


def test_each_role_may_do_what_its_actions_declare_and_never_what_undoes_audit() -> (
    None
):
    for action in actions():
        allow, deny = policies.family_policy(action.family)["Statement"]
        assert set(action.permissions.write) <= set(allow["Action"])
        assert "cloudtrail:StopLogging" in deny["Action"]
        assert "*" not in allow["Resource"]
        assert len(json.dumps(policies.family_policy(action.family))) < 6_144
