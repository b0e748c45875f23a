"""`make bench`: every benchmark in one run, on one machine, so that their figures can be set side by side.

    python -m tests.benchmarks [name ...]

Nothing here passes or fails; figures are printed as they come, also when they are bad.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.benchmarks.machine import describe

BENCHMARKS = {
    "lookup": "the index alone: build, open, latency, precision",
    "import": "150,000 rows, csv and xlsx, against the bare parse of the same file",
    "diff": "two versions of 150,000 rows compared, paged, searched and exported",
    "ask": "POST /qa/ask with 50 clients over 150,000 rows, SQLite and PostgreSQL",
    "training": "tokens/s of the trainer program on the demo directory, base against tuned",
    "live": "training event to socket",
    "switch": "activation to the first answer of the new version",
}


def main(wanted: list[str]) -> int:
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # the figures, and what went wrong
    print(describe())
    failed = []
    for name in wanted or BENCHMARKS:
        print(f"\n=== {name}: {BENCHMARKS[name]}", flush=True)
        started = time.monotonic()
        if subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{name}"], check=False).returncode:
            failed.append(name)
        print(f"({time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        print(f"\nNot measured, see above: {', '.join(failed)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
