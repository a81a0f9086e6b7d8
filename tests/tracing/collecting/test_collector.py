"""Traces of X-Ray are stored, each once and as it is last."""

from __future__ import annotations

from tests.tracing.collecting.world import World


def test_what_happened_is_stored_and_the_map_is_x_rays(world: World) -> None:
    world.happens(30)
    world.pass_time(60)

    assert world.collect() == ""

    world.check()
