"""The service map as alert rules read it."""
