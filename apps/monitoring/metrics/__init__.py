"""CloudWatch metrics: which there are, when to ask, what was answered, what it cost."""
