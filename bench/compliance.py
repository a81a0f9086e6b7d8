"""Rules held against an estate: all of it for the first time, all of it again, and one
resource that changed.

50,000 resources of ten types in a database of its own, forty managed rules and more.
Every verdict is kept, and what fails becomes a violation.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.measure import run

_MEASURE = "from bench.compliance_measured import measure; measure()"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trailmap-bench-") as folder:
        home = Path(folder)
        run("manage.py", "migrate", "--verbosity", "0", home=home)
        print(run("manage.py", "shell", "-c", _MEASURE, home=home).output)


if __name__ == "__main__":
    main()
