"""A worker that ends itself as kill -9 would, once, at a step that was named.

`python -m tests.crash.worker STEP FLAG`: the file FLAG says that it was done, so
that whoever goes on does not end, too.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = {
    "messages received, not written down": ("buckets.Queue.receive", "after"),
    "objects written down, message not deleted": ("buckets.Queue.delete", "before"),
    "objects read, nothing written": ("writer.OpenSearchWriter._bulk", "before"),
    "half of a bulk request written": ("writer.OpenSearchWriter._bulk", "halfway"),
    "written, not committed": ("writer.OpenSearchWriter.commit", "before"),
    "committed, no checkpoint": ("buckets._mark_done", "before"),
    "checkpoint, claim still held": ("buckets.BucketRun._cover_listed", "before"),
}
NO_STEP = "none"


def main(step: str, flag: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the settings must be named first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    if step != NO_STEP:
        _arm(*STEPS[step], flag)
    call_command("worker")


def _arm(place: str, moment: str, flag: Path) -> None:
    from apps.audit import buckets  # noqa: PLC0415
    from apps.search.engines.opensearch import writer  # noqa: PLC0415

    module, *names, last = place.split(".")
    owner: Any = {"buckets": buckets, "writer": writer}[module]
    for name in names:
        owner = getattr(owner, name)
    work = getattr(owner, last)

    def before(*args: Any) -> Any:
        _end(flag)
        return work(*args)

    def after(*args: Any) -> Any:
        answer = work(*args)
        if answer:
            _end(flag)
        return answer

    def halfway(itself: Any, lines: list[Any]) -> Any:
        if not flag.exists():
            work(itself, lines[: len(lines) // 2])
        _end(flag)
        return work(itself, lines)

    moments: dict[str, Callable[..., Any]] = {
        "before": before,
        "after": after,
        "halfway": halfway,
    }
    setattr(owner, last, moments[moment])


def _end(flag: Path) -> None:
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
