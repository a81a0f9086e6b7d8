"""Dashboards: panels and variables, kept as JSON; CloudWatch's own, in and out."""
