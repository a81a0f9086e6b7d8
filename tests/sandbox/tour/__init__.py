"""A walk through every handler with the AWS CLI, a client nobody here wrote."""
