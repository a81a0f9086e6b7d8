"""Names that commands and services share."""

DEFAULT_PORT = 4566
