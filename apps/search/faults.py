"""What a row says where something went wrong that nobody foresaw."""


def fault_of(error: Exception) -> str:
    """For the boundary of a task, which logs the error itself."""
    return f"A fault in Trailmap, see its log: {type(error).__name__}"
