"""Two versions of 150,000 rows compared: at first, then from the file that is kept; a page, a search, exports.

Between the versions 3,000 rows are changed, 500 removed and 500 added. Runs on a test database beside the configured
one, which is removed at the end.
"""

from __future__ import annotations

import csv
import os
import random
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.bench_import import database, timed
from tests.benchmarks.machine import describe, directory_csv

ROWS = 150_000
CHANGED, REMOVED, ADDED = 3_000, 500, 500
REPEATS = 5


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        os.environ["VAR_DIR"] = scratch
        with database(Path(scratch)) as vendor:
            print(f"{ROWS:,} against {ROWS:,} rows on {vendor}, median of {REPEATS}; load {os.getloadavg()[0]:.1f}")
            source = directory_csv(Path(scratch) / "old.csv", rows=ROWS)
            measure(imported(source), imported(edited(source)))


def edited(source: Path) -> Path:
    """Write the directory once more with rows changed, removed and added; return where."""
    from workers.inference.lookup.checks import iso7064_mod11_10_digit

    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    chosen = random.Random(7).sample(range(len(rows)), CHANGED + REMOVED)
    gone = set(chosen[CHANGED:])
    for at in chosen[:CHANGED]:
        rows[at][0] += "（新）"
    kept = [row for at, row in enumerate(rows) if at not in gone]
    codes = (f"9{serial:010d}" for serial in range(ADDED))
    new = [[f"新设银行第{code[-4:]}支行", code + iso7064_mod11_10_digit(code), rows[0][2]] for code in codes]
    target = source.with_name("new.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *kept, *new])
    return target


def imported(path: Path):
    """Return a version made of the file, with its rows beside it."""
    from apps.datasets.importing import import_version
    from apps.datasets.models import Dataset
    from apps.datasets.services import create_dataset, upload_version
    from apps.users.models import User

    user, _ = User.objects.get_or_create(username="bench")
    dataset = Dataset.objects.first() or create_dataset(name="bench", preset="bank_branches", actor=user)
    with path.open("rb") as file:
        version = upload_version(dataset, file=file, name=path.name, actor=user)
    import_version(str(version.pk))
    version.refresh_from_db()
    if version.rows_accepted < ROWS * 0.99:
        raise SystemExit(f"The import took only {version.rows_accepted:,} rows: {version.error or version.receipt}")
    return version


def measure(old, new) -> None:
    from apps.core.spreadsheets import csv_chunks
    from apps.core.workbooks import workbook
    from apps.datasets.diffing import compare
    from apps.datasets.exporting import export_changes, export_rows

    def first_time() -> None:
        for cached in new.directory.glob("diff.*"):
            cached.unlink()
        counted()

    def counted() -> dict[str, int]:
        return compare(old, new).counts

    def as_csv(table) -> int:
        return sum(len(chunk) for chunk in csv_chunks(table.header, table.rows))

    def as_workbook(table) -> None:
        workbook(table.title, table.header, table.rows).close()

    user, comparison = new.created_by, compare(old, new)
    report("compare and count, first time", first_time)
    report("compare and count, from the file", counted)
    report("a page of 50 changes", lambda: comparison.changes(kind="changed")[1_000:1_050])
    report("a search in the changes", lambda: len(comparison.changes(search="邮政储蓄")))
    report("all changes as CSV", lambda: as_csv(export_changes(comparison, form="csv", actor=user)))
    report("all changes as XLSX", lambda: as_workbook(export_changes(comparison, form="xlsx", actor=user)))
    report("all rows as CSV", lambda: as_csv(export_rows(new, search="", form="csv", actor=user)))
    report("all rows as XLSX", lambda: as_workbook(export_rows(new, search="", form="xlsx", actor=user)), repeats=1)
    print(counted())


def report(what: str, work, *, repeats: int = REPEATS) -> None:
    """Print one line: seconds by the clock and of CPU."""
    clock, cpu = (median(values) for values in zip(*(timed(work) for _ in range(repeats)), strict=True))
    print(f"{what:36}{clock * 1000:9.0f} ms{cpu * 1000:9.0f} ms CPU", flush=True)


if __name__ == "__main__":
    main()
