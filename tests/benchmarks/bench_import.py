"""Import of 150,000 rows, csv and xlsx: from upload to finalised, against the bare parse of the same file.

Runs on a test database beside the configured one (DATABASE_URL; SQLite without it), which is removed at the end.
Everything a version costs is on the clock: the file is stored and hashed, read, checked, twins told apart, written as
text and by column, hashed, and the draft finalised with its hash checked; then the search index, with which it can
answer. Only the way through the queue is not: the benchmark is its own worker. The bare parse is a library alone.

    python -m tests.benchmarks.bench_import [memory ROWS]
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.machine import ROOT, describe, directory_csv

ROWS = 150_000
MANY_ROWS = 2_000_000
REPEATS = 3


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        os.environ["VAR_DIR"] = scratch
        with database(Path(scratch)) as vendor:
            print(f"{ROWS:,} rows on {vendor}, median of {REPEATS}; load {os.getloadavg()[0]:.1f}")
            source = directory_csv(Path(scratch) / "directory.csv", rows=ROWS)
            measure(source, {"csv.reader": parse_csv, "polars.read_csv": parse_by_polars})
            measure(as_workbook(source), {"calamine": parse_workbook})
    print(
        "\nMemory. Rows wait in files; a row costs 28 bytes, of which twins are told: a little more is held for many."
    )
    for rows in (ROWS, MANY_ROWS):
        command = [sys.executable, "-m", "tests.benchmarks.bench_import", "memory", str(rows)]
        subprocess.run(command, cwd=ROOT, check=True)


@contextmanager
def database(scratch: Path) -> Iterator[str]:
    """Set Django up on a test database; give the name of its kind."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mozhu.settings")
    os.environ.setdefault("SECRET_KEY", "of a benchmark, which serves nobody" * 2)
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


def measure(path: Path, parsers: dict[str, Callable[[Path], int]]) -> None:
    """Print what the bare parse takes and what the platform takes, and how they compare.

    Taken in turns, so that a busy moment hits both. CPU seconds, of all processes and threads, stand beside the clock:
    on a busy machine only they compare.
    """
    rounds = []
    for _ in range(REPEATS):
        taken = {name: timed(parse, path) for name, parse in parsers.items()}
        rounds.append(taken | import_once(path))
    times = {name: tuple(median(seconds[name][at] for seconds in rounds) for at in (0, 1)) for name in rounds[0]}
    print(f"\n{path.suffix[1:]:34}{'seconds':>9}{'CPU s':>9}")
    for name, (clock, cpu) in times.items():
        print(f"  {name:32}{clock:9.3f}{cpu:9.3f}")
    for done in ("upload to finalised", "upload to ready to answer"):
        for name in parsers:
            ratio, cpu_ratio = (times[done][at] / times[name][at] for at in (0, 1))
            print(f"  {done} = {ratio:.1f} x {name} (CPU {cpu_ratio:.1f} x)", flush=True)


def import_once(path: Path) -> dict[str, tuple[float, float]]:
    """Return for each step of one import its seconds by the clock and of CPU."""
    from apps.datasets.importing import import_version
    from apps.datasets.indexing import index_version
    from apps.datasets.models import Dataset
    from apps.datasets.services import create_dataset, finalise, upload_version
    from apps.users.models import User

    user, _ = User.objects.get_or_create(username="bench")
    dataset = Dataset.objects.first() or create_dataset(name="bench", preset="bank_branches", actor=user)
    steps, started = {}, (time.perf_counter(), cpu_seconds())
    with path.open("rb") as file:
        made = {}
        steps["upload"] = timed(
            lambda: made.update(version=upload_version(dataset, file=file, name=path.name, actor=user, again=True))
        )
    version = made["version"]
    steps["read, check, write"] = timed(import_version, str(version.pk))
    version.refresh_from_db()
    if version.rows_accepted < version.rows_read * 0.99 or not version.rows_read:
        raise SystemExit(f"The import took only {version.rows_accepted:,} rows: {version.error or version.receipt}")
    steps["finalise"] = timed(lambda: finalise(version, actor=user))
    steps["upload to finalised"] = since(started)
    steps["index"] = timed(index_version, str(version.pk))
    version.refresh_from_db()
    if version.indexed_at is None:
        raise SystemExit("The index was not built; see the log above.")
    steps["upload to ready to answer"] = since(started)
    return steps


def timed(work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Return seconds by the clock and of CPU."""
    started = (time.perf_counter(), cpu_seconds())
    work(*arguments)
    return since(started)


def since(started: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - started[0], cpu_seconds() - started[1]


def cpu_seconds() -> float:
    """CPU of this process, its threads, and the processes that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure_memory(rows: int) -> None:
    """Import a csv of so many rows in this process and print the most memory that it held."""
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        os.environ["VAR_DIR"] = scratch
        with database(Path(scratch)):
            path = made_csv(Path(scratch) / "made.csv", rows=rows)
            before = peak_megabytes()
            seconds = import_only(path)
            print(
                f"\n{rows:,} rows, {path.stat().st_size / 2**20:.0f} MB of csv: "
                f"imported in {seconds:.1f} s; largest memory {before:.0f} MB before, {peak_megabytes():.0f} MB after"
            )


def import_only(path: Path) -> float:
    from apps.datasets.importing import import_version
    from apps.datasets.services import create_dataset, upload_version
    from apps.users.models import User

    user = User.objects.create(username="bench")
    dataset = create_dataset(name="bench", preset="bank_branches", actor=user)
    with path.open("rb") as file:
        version = upload_version(dataset, file=file, name=path.name, actor=user)
    seconds, _cpu = timed(import_version, str(version.pk))
    version.refresh_from_db()
    if version.status != version.Status.DRAFT:
        raise SystemExit(f"The import ended as {version.status}: {version.error}")
    return seconds


def peak_megabytes() -> float:
    """The most memory that this process has held. Linux lets ru_maxrss begin with that of the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def made_csv(path: Path, *, rows: int) -> Path:
    """Write a table of `rows` branches with valid codes."""
    from workers.inference.lookup.checks import iso7064_mod11_10_digit

    with path.open("w", encoding="utf-8") as file:
        file.write("银行名称,联行编号,清算行行号\n")
        for serial in range(rows):
            payload = f"{10_000_000_000 + serial}"
            code = payload + iso7064_mod11_10_digit(payload)
            file.write(f"中国邮政储蓄银行股份有限公司丹江口市六里坪第{serial}支行,{code},403100000004\n")
    return path


def parse_csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(len(row) for row in csv.reader(file))


def parse_by_polars(path: Path) -> int:
    import polars

    return polars.read_csv(path, infer_schema=False).height


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
    if sys.argv[1:2] == ["memory"]:
        measure_memory(int(sys.argv[2]))
    else:
        main()
