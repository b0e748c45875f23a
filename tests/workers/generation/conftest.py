from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.workers.tiny import build_base
from workers.inference.generation.loading import load_base

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_base(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="session")
def adapters_root(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two adapters, `first` and `second`, whose random weights make the model say different things."""
    root = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("first", "second")):
        torch.manual_seed(seed)
        config = LoraConfig(r=4, lora_alpha=64, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
        get_peft_model(load_base(str(tiny_base), device=CPU), config).save_pretrained(root / name)
    return root
