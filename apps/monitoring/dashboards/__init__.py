"""Dashboards: charts, tables, single values and text on a grid of 24 columns."""
