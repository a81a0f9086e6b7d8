"""CloudWatch Logs filter patterns and Logs Insights, over stored logs."""
