"""Answers that go on, gathered for a test."""

from typing import Any

from asgiref.sync import async_to_sync


def text_of(answer: Any) -> str:
    """The whole of a streaming answer; asking twice gives the same."""
    if not hasattr(answer, "gathered"):
        answer.gathered = async_to_sync(_gathered)(answer)
    return str(answer.gathered)


async def _gathered(answer: Any) -> str:
    return b"".join([part async for part in answer.streaming_content]).decode()
