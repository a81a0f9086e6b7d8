"""The documents say what the code does."""

import re
import tomllib
from pathlib import Path

from apps.audit.policy import page
from dashboard.views import _FORMS

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "dashboard" / "settings.py").read_text()


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_every_setting_is_documented_and_nothing_else() -> None:
    read = set(re.findall(r'environment\.\w+\(\s*"([A-Z_]*[A-Z])"', SETTINGS))
    known = set(re.findall(r'"(TRAILMAP_[A-Z]{2,})"', SETTINGS))
    documented = set(re.findall(r"`([A-Z][A-Z_]*[A-Z])`", doc("settings.md")))

    assert read | known <= documented
    assert documented - read - known <= {
        "SECRET_KEY_FILE",
        "SMTP_PASSWORD_FILE",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
    }


def test_the_query_language_is_documented_as_the_site_helps_with_it() -> None:
    row = re.compile(r"^\| `(.+?)` \| (.+?) \|$", re.MULTILINE)
    rows = row.findall(doc("query-language.md"))

    assert rows == list(_FORMS)


def test_the_policies_are_those_of_the_code() -> None:
    assert doc("iam.md") == page()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[>=<\[]", one)[0] for one in project["dependencies"]}

    assert {
        name for name in names if f"`{name}`" not in doc("architecture.md")
    } == set()


def test_the_readme_leads_only_to_what_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text())

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
