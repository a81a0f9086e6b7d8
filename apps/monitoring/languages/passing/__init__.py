"""Queries that CloudWatch itself answers: what they cost, who may ask, and the work."""
