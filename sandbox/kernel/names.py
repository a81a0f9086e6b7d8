"""Names that commands and services share."""

DEFAULT_PORT = 4566

TOOLS = "123456789012"
SHOP = "111122223333"
PAYMENTS = "444455556666"
"""The account Trailmap runs in, and the two members whose shop it watches."""
NAMES = {"shop": SHOP, "payments": PAYMENTS, "tools": TOOLS}
