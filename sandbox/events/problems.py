"""What is wrong with a pattern or an expression, in AWS's words."""


class BadPattern(ValueError):
    """An event pattern that EventBridge refuses; the message is its reason."""


class BadSchedule(ValueError):
    """A schedule expression that EventBridge refuses."""
