"""An import as the command does it, without the start of the process: KIND PATH..."""

import sys
from time import perf_counter

import django

django.setup()

from django.utils import timezone  # noqa: E402 - once Django is set up

from apps.search import imports, store  # noqa: E402
from dashboard import preparation  # noqa: E402

preparation.ensure_tables()
preparation.settle_memory()
run = imports.request(imports.Wanted(sys.argv[2:], sys.argv[1]))
imports.claim(run.pk, timezone.now())
engine = store.engine()
began = perf_counter()
done = imports.execute(run.pk, engine)
engine.close()
seconds = perf_counter() - began
print(f"{done.new + done.already_there} events in {seconds} s: {done.state}")
