"""Builds the shop's resources, with the calls a deployment would make."""

from sandbox.shop.estate.building import build
from sandbox.shop.estate.sites import Site

__all__ = ["Site", "build"]
