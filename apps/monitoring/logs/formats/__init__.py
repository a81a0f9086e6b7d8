"""What lines of known formats say: each a parser from text to fields, all pure."""
