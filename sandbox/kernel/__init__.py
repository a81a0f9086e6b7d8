"""What every service of the sandbox shares: protocols, identity, time and faults."""
