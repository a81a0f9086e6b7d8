"""How fast one core gunzips and parses the same files, and nothing else.

Prints events per second. A process of its own, so that nothing of ours slows it.
"""

import gzip
import sys
from pathlib import Path
from time import perf_counter

import orjson

files = sorted(Path(sys.argv[1]).iterdir())
began = perf_counter()
events = sum(
    len(orjson.loads(gzip.decompress(file.read_bytes()))["Records"]) for file in files
)
print(events / (perf_counter() - began))
