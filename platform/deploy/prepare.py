"""Make .venv and install what is pinned; run by every `make` target. Standard library only, any Python may start it.

    python prepare.py [--dev]

Repeatable: a stamp in .venv holds the hash of the requirement files, so a second run does nothing.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
DISK_NEEDED_BYTES = 3 * 2**30


def main() -> int:
    files = ["requirements.txt", *(["requirements-dev.txt"] if "--dev" in sys.argv else [])]
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in [*files, "constraints.txt"])).hexdigest()
    stamp = VENV / f"installed-{files[-1]}.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return 0
    problem = what_is_missing()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    started = time.monotonic()
    print(f"Installing {' and '.join(files)} into .venv (about 1 to 5 minutes, once; 1.5 GB on disk) ...", flush=True)
    if not (VENV / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    requirements = [part for name in files for part in ("-r", name)]
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *requirements, "-c", "constraints.txt"], cwd=ROOT, check=False, stderr=subprocess.PIPE)
    if done.returncode:
        print(done.stderr.decode(errors="replace")[-3000:], file=sys.stderr)
        print(
            "The packages could not be installed; the reason stands above. Run the same command again.", file=sys.stderr
        )
        return 1
    stamp.write_text(digest)
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def what_is_missing():
    """Return a sentence about what keeps us from installing, or an empty string."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        return (
            f"Python 3.11 or newer is needed, this is {found}. Name another one: make demo PYTHON=/path/to/python3.11"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python has no venv module. Debian and Ubuntu: apt-get install python3-venv"
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED_BYTES:
        return f"Only {free / 2**30:.1f} GB are free under {ROOT}; 3 GB are needed."
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
