from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from workers.inference.generation.loading import ModelError, check_base, is_local, load_base, load_tokenizer


@pytest.fixture
def base(tmp_path: Path, tiny_base: Path) -> Path:
    return Path(shutil.copytree(tiny_base, tmp_path / "copy"))


def change_config(base: Path, **values: Any) -> None:
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, **values}))


def test_a_base_is_loaded_for_a_cpu_in_float32(tiny_base: Path) -> None:
    model = load_base(str(tiny_base), device=torch.device("cpu"))
    assert model.dtype == torch.float32
    assert not model.training


def test_the_tokenizer_pads_on_the_left(tiny_base: Path) -> None:
    assert load_tokenizer(str(tiny_base)).padding_side == "left"


def test_a_hub_id_is_no_local_folder() -> None:
    assert not is_local("Qwen/Qwen3-0.6B")
    assert is_local("fixtures/base_models/mozhu-tiny")
    check_base("Qwen/Qwen3-0.6B")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_base(str(tmp_path / "nowhere"), device=torch.device("cpu"))


def test_pickled_weights_are_refused(base: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no safetensors"):
        load_base(str(base), device=torch.device("cpu"))


def test_a_model_that_brings_code_is_refused(base: Path) -> None:
    change_config(base, auto_map={"AutoModelForCausalLM": "evil.Model"})
    with pytest.raises(ModelError, match="its own code"):
        load_base(str(base), device=torch.device("cpu"))


def test_an_unknown_architecture_is_refused(base: Path) -> None:
    change_config(base, model_type="telepathy")
    with pytest.raises(ModelError, match="telepathy"):
        load_base(str(base), device=torch.device("cpu"))


def test_truncated_weights_are_refused(base: Path) -> None:
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be read"):
        load_base(str(base), device=torch.device("cpu"))


def test_a_base_without_tokenizer_is_refused(base: Path) -> None:
    (base / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        load_tokenizer(str(base))


def test_a_base_without_chat_template_is_refused(base: Path) -> None:
    (base / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="no chat template"):
        load_tokenizer(str(base))


def test_a_broken_config_is_refused(base: Path) -> None:
    (base / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        check_base(str(base))
