"""Parts of the one process: started, started again, and asked to end."""

import threading

from dashboard.parts import Part


class Running:
    """Stands for a worker: runs until it is stopped."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.started = threading.Event()

    def start(self) -> None:
        self.started.set()
        self.ended.wait()

    def stop(self) -> None:
        self.ended.set()


def a_part() -> tuple[Part, list[Running]]:
    made: list[Running] = []

    def make() -> Running:
        made.append(Running())
        return made[-1]

    return Part("worker", make), made


def test_a_part_runs_until_it_is_stopped() -> None:
    part, made = a_part()
    part.keep_alive()
    part.keep_alive()

    assert made[0].started.wait(5)
    part.stop()
    assert made[0].ended.is_set()
    assert len(made) == 1


def test_a_part_that_ended_is_started_again() -> None:
    part, made = a_part()
    part.keep_alive()
    made[0].ended.set()
    threads = [one for one in threading.enumerate() if one.name == "worker"]
    for thread in threads:
        thread.join(5)

    part.keep_alive()

    assert len(made) == 2
    part.stop()


def test_a_part_that_never_ran_can_be_stopped() -> None:
    part, made = a_part()

    part.stop()

    assert made == []
