"""Ask pip-audit whether a pinned package has a known flaw; say so where its service cannot be asked.

    python platform/deploy/known_flaws.py

Exit status 1 and the list where there are flaws. A machine without a way out, or behind a package mirror that knows no
flaws, prints that it was skipped: the absence of an answer is not an answer.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20
COMMAND = ["-m", "pip_audit", "-r", "constraints.txt", "--no-deps", "--disable-pip", "--progress-spinner", "off"]


def main() -> int:
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND, "--timeout", "5", "--format", "json"],
            cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        packages = []
    judged = [package for package in packages if "skip_reason" not in package]
    if not judged:
        print("Known flaws of packages: skipped, the service that knows them cannot be reached from here.")
        return 0
    flawed = {f"{package['name']} {package['version']}": package["vulns"] for package in judged if package["vulns"]}
    for name, flaws in flawed.items():
        print(f"{name}: {', '.join(flaw['id'] for flaw in flaws)}", file=sys.stderr)
    print(f"Known flaws of packages: {len(flawed)} of {len(judged)} have one.")
    return 1 if flawed else 0


if __name__ == "__main__":
    raise SystemExit(main())
