"""One process at a time works in a home."""

import subprocess
import sys
from pathlib import Path

import pytest

from apps.search.homelock import HomeInUse, HomeLock

HOLD = """
import sys, pathlib
from apps.search.homelock import HomeLock
lock = HomeLock(pathlib.Path(sys.argv[1]))
lock.acquire("import")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(HomeInUse, match=f"import, process {holder.pid}"):
            HomeLock(tmp_path).acquire("up")

        holder.kill()
        holder.wait()
        # The lock died with its process, whatever the file says.
        lock = HomeLock(tmp_path)
        lock.acquire("up")
        lock.release()


def test_a_lock_that_was_released_can_be_taken(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    lock.acquire("up")
    lock.release()

    lock.acquire("import")
    lock.release()
