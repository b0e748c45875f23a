"""Import of 150,000 rows, csv and xlsx: the whole task against the bare parse of the same file.

Runs on a test database beside the configured one (DATABASE_URL; SQLite without it), which is removed at the end. The
whole import is everything between the worker's claim and the draft: parse, checks, duplicates, rows into the database,
canonical file with hash, search index. The bare parse is csv.reader or calamine alone, every row touched once.
"""

from __future__ import annotations

import csv
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.machine import describe, directory_csv

ROWS = 150_000
REPEATS = 3


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        os.environ["VAR_DIR"] = scratch
        with database(Path(scratch)) as vendor:
            print(f"{ROWS:,} rows on {vendor}, median of {REPEATS}; load {os.getloadavg()[0]:.1f}")
            heads = ["bare parse", "import", "ratio", "rows/s", "of it index", "CPU", "CPU ratio"]
            print(" " * 6 + "".join(f"{head:>12}" for head in heads))
            source = directory_csv(Path(scratch) / "directory.csv", rows=ROWS)
            for path, parse in ((source, parse_csv), (as_workbook(source), parse_workbook)):
                print(measure(path, parse), flush=True)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        print(f"largest memory of the process: {megabytes:.0f} MB")


@contextmanager
def database(scratch: Path):
    """Set Django up on a test database; give the name of its kind."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mozhu.settings")
    import django
    from celery import current_app

    django.setup()
    current_app.conf.broker_url = "memory://localhost"  # the benchmark is its own worker
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(scratch / "bench.sqlite3")  # a file, as in production
    configured = setup_databases(verbosity=0, interactive=False)
    try:
        yield connection.vendor
    finally:
        teardown_databases(configured, verbosity=0)


def measure(path: Path, parse: Callable[[Path], int]) -> str:
    """Return one line of the table. CPU seconds stand beside the clock: on a busy machine only they compare."""
    bare, bare_cpu = (median(values) for values in zip(*(taken(parse, path) for _ in range(REPEATS)), strict=True))
    runs = [import_once(path) for _ in range(REPEATS)]
    whole, cpu, index = (median(values) for values in zip(*runs, strict=True))
    figures = [f"{bare:.2f} s", f"{whole:.2f} s", f"{whole / bare:.1f}x", f"{ROWS / whole:,.0f}", f"{index:.2f} s"]
    return f"{path.suffix:6}" + "".join(
        f"{figure:>12}" for figure in [*figures, f"{cpu:.2f} s", f"{cpu / bare_cpu:.1f}x"]
    )


def import_once(path: Path) -> tuple[float, float, float]:
    """Return seconds by the clock and of CPU of one whole import, and how many by the clock the index took."""
    from apps.datasets.importing import import_version
    from apps.datasets.models import Dataset
    from apps.datasets.services import create_dataset, upload_version
    from apps.users.models import User

    user, _ = User.objects.get_or_create(username="bench")
    dataset = Dataset.objects.first() or create_dataset(name="bench", preset="bank_branches", actor=user)
    with path.open("rb") as file:
        version = upload_version(dataset, file=file, name=path.name, actor=user, again=True)
    clock, cpu = taken(import_version, str(version.pk))
    version.refresh_from_db()
    if version.rows_accepted < ROWS * 0.99:
        raise SystemExit(f"The import took only {version.rows_accepted:,} rows: {version.error or version.receipt}")
    return clock, cpu, version.receipt["index"]["seconds"]


def taken(work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Return seconds by the clock and of this process's CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return time.perf_counter() - clock, time.process_time() - cpu


def parse_csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(len(row) for row in csv.reader(file))


def parse_workbook(path: Path) -> int:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return sum(len(row) for row in sheet.iter_rows())


def as_workbook(source: Path) -> Path:
    """Write the same table as a workbook with text cells, beside the text file."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            sheet.append(row)
    target = source.with_suffix(".xlsx")
    book.save(target)
    return target


if __name__ == "__main__":
    main()
