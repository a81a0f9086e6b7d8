"""Whether this process has been asked to end."""

import threading

# Set once. Open streams end with it; long work stops at its next safe place and
# goes on from there after the next start.
stopping = threading.Event()
