"""The trainer program on the demo directory: tokens/s, time, and what tuning changes on held-out wordings."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.machine import ROOT, describe, directory_csv, percentile

BASE_MODEL = ROOT / "fixtures" / "base_models" / "mozhu-tiny"


def main() -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="mozhu-bench-") as scratch:
        job = Path(scratch)
        write_spec(job, rows_file=directory_csv(job / "rows.csv", rows=5000))
        started = time.monotonic()
        command = [sys.executable, "-m", "workers.trainers", str(job)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        report(job, seconds=time.monotonic() - started)


def write_spec(job: Path, *, rows_file: Path) -> None:
    from workers.inference.lookup.schema import PRESETS
    from workers.trainers.configs import PRESETS as TRAININGS
    from workers.trainers.configs import DatasetSpec, TrainingSpec, validate_parameters

    text = rows_file.read_text(encoding="utf-8").split("\n", 1)[1]
    rows_file.write_text(f"name,code,clearing_code\n{text}", encoding="utf-8")
    sha256 = hashlib.sha256(rows_file.read_bytes()).hexdigest()
    schema = PRESETS["bank_branches"]
    dataset = DatasetSpec(rows_file=str(rows_file), sha256=sha256, schema=schema.to_dict())
    spec = TrainingSpec(
        job_id="bench",
        kind="lora_slots",
        base_model=str(BASE_MODEL),
        dataset=dataset,
        parameters=validate_parameters(TRAININGS["demo"].values),
        seed=1,
    )
    (job / "spec.json").write_text(spec.to_json(), encoding="utf-8")


def report(job: Path, *, seconds: float) -> None:
    events = [json.loads(line) for line in (job / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    speeds = [e["payload"]["tokens_per_second"] for e in events if e["kind"] == "progress"]
    found = next(event["payload"] for event in events if event["kind"] == "evaluation")
    print(f"whole program {seconds:.0f} s, training {percentile(speeds, 0.5):,.0f} tokens/s at the median")
    for name in ("base", "tuned"):
        exact, valid = found[name]["slot_exact_match"], found[name]["valid_json"]
        print(f"{name:<6} slots exactly right {exact:6.1%}  valid JSON {valid:6.1%}  of {found['count']} questions")


if __name__ == "__main__":
    main()
