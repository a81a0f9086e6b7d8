"""compose.yaml and the Dockerfile, as far as they can be held to the code without a
container engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "trailmap"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def settings_read() -> set[str]:
    text = (ROOT / "dashboard" / "settings.py").read_text()
    return set(re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', text))


def test_every_part_has_its_service() -> None:
    assert set(SERVICES) == {
        "web", "worker", "beat", "migrate", "postgresql", "redis", "opensearch",
    }  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_exist_with_settings_that_are_read(
    name: str,
) -> None:
    service = SERVICES[name]
    own = set(service["environment"]) - {"AWS_REGION"}

    assert service["command"][0] in get_commands()
    assert own <= settings_read()
    assert {"DATABASE_URL", "BROKER_URL", "OPENSEARCH_URL", "SECRET_KEY"} <= own


@pytest.mark.parametrize("name", OURS)
def test_our_services_wait_for_what_they_need_to_be_healthy(name: str) -> None:
    for needed, how in SERVICES[name]["depends_on"].items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        else:
            assert SERVICES[needed]["restart"] == "no"


def test_addresses_name_services_and_volumes_are_declared() -> None:
    for name in ("DATABASE_URL", "BROKER_URL", "OPENSEARCH_URL"):
        value = SERVICES["web"]["environment"][name]
        assert re.split(r"[/:]", re.split(r"//(?:.*@)?", value)[1])[0] in SERVICES
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_nothing_listens_beyond_this_machine() -> None:
    published = [port for one in SERVICES.values() for port in one.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_image_copies_what_is_there_and_what_the_wheel_needs() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    allowed = (ROOT / ".dockerignore").read_text()

    assert {"apps", "dashboard", "workers", "pyproject.toml", "uv.lock"} <= names
    assert all((ROOT / name).exists() for name in names)
    assert all(f"!{name}\n" in allowed for name in names)


def test_the_image_does_not_run_as_root_and_starts_a_command_that_exists() -> None:
    (command,) = re.findall(r'^CMD \["([a-z]+)"', DOCKERFILE, re.MULTILINE)

    assert "\nUSER trailmap\n" in DOCKERFILE
    assert command in get_commands()
