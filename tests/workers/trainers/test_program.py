"""`python -m workers.trainers JOB_DIR` as the supervisor sees it: events, exit status, files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.workers.tiny import SHIPPED_BASE, write_spec
from workers.trainers.adapters import adapter_sha256
from workers.trainers.configs import DatasetSpec

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "workers.trainers"]
MINIMIND2 = Path(os.environ.get("MINIMIND2", ROOT / "var" / "base_models" / "minimind2-small"))


def start(job_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, str(job_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def run(job_dir: Path) -> tuple[int, list[dict[str, Any]]]:
    process = start(job_dir)
    output, _ = process.communicate(timeout=600)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


def read_events(job_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def wait_for_step(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["kind"] == "progress":
            return
    pytest.fail("the trainer ended before its first step")


def test_a_job_runs_to_its_end(tmp_path: Path, tiny_base: Path, dataset: DatasetSpec) -> None:
    write_spec(tmp_path / "job", base=tiny_base, dataset=dataset)
    status, events = run(tmp_path / "job")
    assert status == 0
    kinds = [event["kind"] for event in events]
    assert kinds[:2] == ["started", "examples"]
    assert kinds[-2:] == ["evaluation", "finished"]
    assert {"log", "progress", "validation"} <= set(kinds)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert read_events(tmp_path / "job") == events


def test_a_finished_job_leaves_an_adapter_a_card_and_metrics(
    tmp_path: Path, tiny_base: Path, dataset: DatasetSpec
) -> None:
    write_spec(tmp_path / "job", base=tiny_base, dataset=dataset)
    _, events = run(tmp_path / "job")
    finished = events[-1]["payload"]
    adapter = Path(finished["adapter_dir"])
    assert adapter == tmp_path / "job" / "output" / "adapter"
    assert finished["adapter_sha256"] == adapter_sha256(adapter)
    assert all("lora_" in name for name in load_file(adapter / "adapter_model.safetensors"))
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == str(tiny_base)
    assert dataset.sha256 in (adapter / "README.md").read_text(encoding="utf-8")
    assert json.loads((adapter.parent / "metrics.json").read_text())["tuned"] == finished["metrics"]["tuned"]


def test_the_same_specification_trains_the_same_adapter(tmp_path: Path, tiny_base: Path, dataset: DatasetSpec) -> None:
    hashes = []
    for name in ("first", "second"):
        write_spec(tmp_path / name, base=tiny_base, dataset=dataset)
        hashes.append(run(tmp_path / name)[1][-1]["payload"]["adapter_sha256"])
    assert hashes[0] == hashes[1]


def test_sigterm_ends_the_job_at_the_next_step(tmp_path: Path, tiny_base: Path, dataset: DatasetSpec) -> None:
    write_spec(tmp_path / "job", base=tiny_base, dataset=dataset, num_train_epochs=100, train_examples=1000)
    process = start(tmp_path / "job")
    wait_for_step(process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 3
    last = read_events(tmp_path / "job")[-1]
    assert last["kind"] == "cancelled"
    assert last["payload"]["step"] >= 1
    assert not (tmp_path / "job" / "output").exists()


def test_an_orphaned_job_ends_by_itself(tmp_path: Path, tiny_base: Path, dataset: DatasetSpec) -> None:
    job_dir = tmp_path / "job"
    write_spec(job_dir, base=tiny_base, dataset=dataset, num_train_epochs=100, train_examples=1000)
    script = f"import subprocess; subprocess.run({[*COMMAND, str(job_dir)]!r}, stdout=subprocess.DEVNULL)"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    _wait_for_event(job_dir, "progress")
    parent.kill()
    parent.wait()
    _wait_for_event(job_dir, "cancelled")


def _wait_for_event(job_dir: Path, kind: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if (job_dir / "events.jsonl").exists() and f'"kind": "{kind}"' in (job_dir / "events.jsonl").read_text():
            return
        time.sleep(0.2)
    pytest.fail(f"no event {kind}")


def test_a_broken_specification_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text("{}", encoding="utf-8")
    status, events = run(tmp_path)
    assert status == 1
    assert [event["kind"] for event in events] == ["failed"]
    assert events[0]["payload"]["code"] == "invalid_spec"
    assert events[0]["payload"]["remedy"]


def test_a_missing_specification_fails_in_words(tmp_path: Path) -> None:
    status, events = run(tmp_path)
    assert status == 1
    assert events[0]["payload"]["code"] == "invalid_spec"


def test_a_missing_base_model_fails_in_words(tmp_path: Path, dataset: DatasetSpec) -> None:
    write_spec(tmp_path / "job", base=tmp_path / "nowhere", dataset=dataset)
    status, events = run(tmp_path / "job")
    assert status == 1
    assert events[-1]["payload"]["code"] == "invalid_base_model"


def test_changed_rows_fail_in_words(tmp_path: Path, tiny_base: Path, dataset: DatasetSpec) -> None:
    write_spec(tmp_path / "job", base=tiny_base, dataset=dataset)
    Path(dataset.rows_file).write_text("name\n", encoding="utf-8")
    status, events = run(tmp_path / "job")
    assert status == 1
    assert events[-1]["payload"]["code"] == "invalid_dataset"


def test_the_shipped_base_learns_the_format_in_a_few_steps(tmp_path: Path, dataset: DatasetSpec) -> None:
    write_spec(
        tmp_path / "job",
        base=SHIPPED_BASE,
        dataset=dataset,
        train_examples=640,
        learning_rate=4e-3,
        evaluation_examples=24,
    )
    status, events = run(tmp_path / "job")
    assert status == 0
    metrics = events[-1]["payload"]["metrics"]
    assert metrics["base"]["slot_exact_match"] == 0
    assert metrics["tuned"]["valid_json"] > 0.5


@pytest.mark.slow
@pytest.mark.skipif(not MINIMIND2.is_dir(), reason="MiniMind2-Small is not here: make minimind2")
def test_minimind2_is_a_base_like_any_other(tmp_path: Path, dataset: DatasetSpec) -> None:
    write_spec(
        tmp_path / "job", base=MINIMIND2, dataset=dataset, train_examples=320, per_device_train_batch_size=8,
        evaluation_examples=8,
    )  # fmt: skip
    status, events = run(tmp_path / "job")
    assert status == 0
    losses = [event["payload"]["loss"] for event in events if event["kind"] == "validation"]
    assert losses[-1] < losses[0]
