"""Charts: what is drawn, how it is computed, the figures and pages."""
