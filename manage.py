#!/usr/bin/env python
"""Trailmap's command line; the same as `uv run trailmap`."""

from dashboard.commands import main

if __name__ == "__main__":
    main()
