"""Alarms: what they watch, when they change, and whom they tell."""
