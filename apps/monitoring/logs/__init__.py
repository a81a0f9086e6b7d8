"""CloudWatch Logs: groups and streams, the ways in, what lines are recognised as."""
