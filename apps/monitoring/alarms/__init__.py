"""CloudWatch alarms: their state, history, and what they are blind to."""
