"""A home holds a sandbox's invented data or one's own, never both."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.test import Client

from dashboard import sandbox


def test_an_empty_home_may_become_a_sandbox(tmp_path: Path) -> None:
    sandbox.check_home(tmp_path, wants_sandbox=True)
    sandbox.start_afresh(tmp_path)

    assert sandbox.is_sandbox(tmp_path)
    sandbox.check_home(tmp_path, wants_sandbox=True)


def test_a_home_with_data_of_its_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("years of work")

    with pytest.raises(CommandError, match="data of your own"):
        sandbox.check_home(tmp_path, wants_sandbox=True)


def test_a_sandbox_is_not_taken_for_the_real_thing(tmp_path: Path) -> None:
    sandbox.start_afresh(tmp_path)

    with pytest.raises(CommandError, match="--sandbox"):
        sandbox.check_home(tmp_path, wants_sandbox=False)


def test_each_sandbox_is_a_new_world(tmp_path: Path) -> None:
    sandbox.start_afresh(tmp_path)
    (tmp_path / "secret-key").write_text("secret")
    (tmp_path / "trailmap.sqlite3").write_text("rows")
    (tmp_path / "search" / "trail").mkdir(parents=True)

    (tmp_path / "notes.txt").write_text("somebody's")

    sandbox.start_afresh(tmp_path)

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["notes.txt", sandbox.MARK, "secret-key"]


@pytest.mark.parametrize("port", [99_999, -1])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(CommandError, match=f"Port {port} .* --port"):
        sandbox.check_port("127.0.0.1", port, "--port")


def test_a_port_in_use_is_said_before_anything_is_built() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match="--sandbox-port"):
            sandbox.check_port("127.0.0.1", port, "--sandbox-port")


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_pages_say_whether_their_data_is_invented(
    admin_client: Client, settings: object, is_sandbox: bool
) -> None:
    settings.IS_SANDBOX = is_sandbox  # type: ignore[attr-defined] # pytest-django's

    page = admin_client.get("/").content.decode()

    assert ("sandbox-note" in page) is is_sandbox
