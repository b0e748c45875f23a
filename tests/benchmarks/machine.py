"""What a benchmark prints about where it ran, and where its data comes from."""

from __future__ import annotations

import csv
import gzip
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_DIRECTORY = ROOT.parent / "shared" / "data" / "directory150k.csv.gz"


def describe() -> str:
    """Return one line: processor, cores, memory, system, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {system}"


def directory_csv(target: Path, *, rows: int = 150_000) -> Path:
    """Write a directory of `rows` branches with a header to `target`: the shared one if it is here, else a made one."""
    if SHARED_DIRECTORY.exists() and rows == 150_000:
        with gzip.open(SHARED_DIRECTORY, "rt", encoding="utf-8") as source, target.open("w", encoding="utf-8") as out:
            out.writelines(source)
    else:
        command = [sys.executable, "-m", "fixtures.directory", "--rows", str(rows), "--seed", "7", str(target)]
        subprocess.run(command, cwd=ROOT, check=True)
    return target


def names_in(path: Path) -> list[str]:
    """Return the first column of a directory file, without its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file)][1:]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie; values must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
