"""AWS Config: what resources were, and whether they are as rules want them."""

from sandbox.config.service import Config

__all__ = ["Config"]
