"""Real PostgreSQL, Redis and OpenSearch on loopback, for tests and measurements."""
