"""What a finished training leaves: adapter, model card, metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peft import PeftModel

from workers.trainers.adapters import adapter_sha256
from workers.trainers.configs import TrainingSpec
from workers.trainers.errors import StorageError

_CARD = """---
library_name: peft
base_model: {base_model}
tags: [lora, slot-parsing]
---

# Question parser, job {job_id}

A LoRA adapter that reads a question about bank branches and writes its slots as JSON: what is asked, bank, place,
branch, each copied from the question. It does not know codes and is not meant to say any: the platform copies codes
from the dataset's rows.

| | base | tuned |
|---|---|---|
{scores}

Measured on {count} generated questions about rows, and in wordings, that were not trained on. Real questions differ:
judge by the platform's own evaluation before relying on it.

- Base model: `{base_model}`
- Dataset: SHA-256 `{dataset}`
- Seed: {seed}; time: {seconds} s
- Parameters: `{parameters}`
"""


def save_results(
    model: PeftModel, spec: TrainingSpec, evaluation: Mapping[str, Any], *, folder: Path, seconds: float
) -> str:
    """Write adapter/ (with its model card) and metrics.json into `folder`; returns the adapter's SHA-256.

    Raises StorageError where the disk does not take it.
    """
    adapter = folder / "adapter"
    try:
        adapter.mkdir(parents=True, exist_ok=True)
        model.peft_config["default"].base_model_name_or_path = spec.base_model
        model.save_pretrained(str(adapter), safe_serialization=True)
        (adapter / "README.md").write_text(model_card(spec, evaluation, seconds=seconds), encoding="utf-8")
        metrics = json.dumps({**evaluation, "seconds": seconds}, ensure_ascii=False, indent=2)
        (folder / "metrics.json").write_text(metrics + "\n", encoding="utf-8")
        return adapter_sha256(adapter)
    except OSError as error:
        raise StorageError(
            f"the results cannot be written: {error}", remedy="Make room on the disk and submit again."
        ) from error


def model_card(spec: TrainingSpec, evaluation: Mapping[str, Any], *, seconds: float) -> str:
    base, tuned = evaluation["base"], evaluation["tuned"]
    scores = "\n".join(f"| {name} | {base[name]:.1%} | {tuned[name]:.1%} |" for name in tuned)
    return _CARD.format(
        job_id=spec.job_id,
        base_model=spec.base_model,
        scores=scores,
        count=evaluation["count"],
        dataset=spec.dataset.sha256,
        seed=spec.seed,
        seconds=seconds,
        parameters=json.dumps(asdict(spec.parameters)),
    )
