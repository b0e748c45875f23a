"""Small things to train on: a random two-layer base model, and a directory of made-up rows."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.inference.lookup.schema import PRESETS
from workers.trainers.configs import DatasetSpec, TrainingSpec, validate_parameters
from workers.trainers.places import load_places
from workers.trainers.pretraining.__main__ import build_model
from workers.trainers.pretraining.recipe import Recipe
from workers.trainers.pretraining.tokenizer import save_tokenizer, train_tokenizer

BANKS = ("中国工商银行股份有限公司", "中国农业银行股份有限公司", "中国邮政储蓄银行股份有限公司", "招商银行股份有限公司")
BRANCHES = ("解放路支行", "城关支行", "六里坪支行", "新华分理处", "人民路营业所")
SHIPPED_BASE = Path(__file__).resolve().parents[2] / "fixtures" / "base_models" / "mozhu-tiny"


def build_base(folder: Path) -> Path:
    """An untrained base in the shape of the shipped one, but much smaller."""
    tokenizer = train_tokenizer()
    recipe = replace(
        Recipe(), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16,
    )  # fmt: skip
    build_model(recipe, tokenizer).save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    return folder


def write_rows(path: Path, *, count: int = 120) -> DatasetSpec:
    """A canonical rows file; the names are distinct."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("name", "code", "clearing_code"))
        for number, place in enumerate(load_places()[100 : 100 + count]):
            name = BANKS[number % len(BANKS)] + place.county + BRANCHES[number % len(BRANCHES)]
            writer.writerow((name, f"{number:012d}", ""))
    return describe_rows(path)


def describe_rows(path: Path) -> DatasetSpec:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return DatasetSpec(rows_file=str(path), sha256=digest, schema=PRESETS["bank_branches"].to_dict())


def write_spec(
    job_dir: Path, *, base: Path | str, dataset: DatasetSpec, seed: int = 7, **parameters: Any
) -> TrainingSpec:
    """spec.json of a job that takes seconds."""
    short = {"train_examples": 64, "evaluation_examples": 8, "per_device_train_batch_size": 16, "learning_rate": 1e-3}
    spec = TrainingSpec(
        job_id="test-job",
        kind="lora_slots",
        base_model=str(base),
        dataset=dataset,
        parameters=validate_parameters({**short, **parameters}),
        seed=seed,
    )
    job_dir.mkdir(exist_ok=True)
    (job_dir / "spec.json").write_text(spec.to_json(), encoding="utf-8")
    return spec
