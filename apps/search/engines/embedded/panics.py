"""Faults inside Tantivy, which Python code would not catch by itself."""

from apps.search.engines.base import EngineUnavailable

_MODULE = "pyo3_runtime"  # of PanicException, which derives from BaseException


class panics_told:  # noqa: N801 - a context manager, named for how it reads
    """Turns a panic of Tantivy's, as over a damaged file, into EngineUnavailable."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if error is not None and type(error).__module__ == _MODULE:
            raise EngineUnavailable(f"{self._doing}: {error}") from error
