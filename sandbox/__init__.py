"""A local AWS on loopback, and the demo shop that lives in it."""
