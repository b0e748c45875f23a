"""Base models and their tokenizers: safetensors only, never remote code, refusals in words that say what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()  # type: ignore[no-untyped-call]  # standard error is a log here
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class ModelError(Exception):
    """A model that cannot be loaded: `message` says what is wrong, `remedy` what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def load_tokenizer(base: str) -> PreTrainedTokenizerBase:
    """The tokenizer of `base` (local folder or hub id), padding on the left for generation. Raises ModelError."""
    check_base(base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False, local_files_only=is_local(base))
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(base, error) from error
    if not tokenizer.chat_template:
        raise ModelError(f"the tokenizer of {base} has no chat template", remedy="Choose a chat model as base.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def load_base(base: str, *, device: torch.device) -> PreTrainedModel:
    """The model `base` in evaluation mode: float32 on a CPU, bfloat16 on an accelerator. Raises ModelError."""
    check_base(base)
    on_cpu = device.type == "cpu"
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base,
            dtype=torch.float32 if on_cpu else torch.bfloat16,
            # On a CPU, with short rows, the plain kernel is faster: the fused one has a slow backward pass.
            attn_implementation="eager" if on_cpu else "sdpa",
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=is_local(base),
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unreadable(base, error) from error
    model.to(device)  # type: ignore[arg-type]  # the library's decorator hides the signature
    model.eval()  # type: ignore[no-untyped-call]
    return model


def choose_device() -> torch.device:
    """The first accelerator, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def is_local(base: str) -> bool:
    return Path(base).is_dir() or not _HUB_ID.fullmatch(base)


def check_base(base: str) -> None:
    """Raises ModelError for a local base that we do not load, before anything is loaded. A hub id passes."""
    if not is_local(base):
        return
    folder = Path(base)
    if not folder.is_dir():
        raise ModelError(
            f"the base model folder {base} does not exist",
            remedy="Set BASE_MODEL to a local folder or to a hub id such as Qwen/Qwen3-0.6B.",
        )
    _check_config(_read_config(folder), base)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{base} holds no safetensors weights",
            remedy="Convert the model to safetensors; pickled weights are never loaded.",
        )
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{base} holds no tokenizer.json", remedy="Copy the model's tokenizer files into the folder.")


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(str(folder), error) from error
    if not isinstance(config, dict):
        raise ModelError(f"{folder}/config.json is not an object", remedy="Fetch the model again.")
    return config


def _check_config(config: dict[str, Any], base: str) -> None:
    if "auto_map" in config:
        raise ModelError(f"{base} wants to run its own code", remedy="Choose a base of a built-in architecture.")
    if config.get("model_type") not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise ModelError(
            f"the architecture {config.get('model_type')!r} of {base} is no known causal language model",
            remedy="Choose a base of a built-in architecture, such as Qwen3 or Llama.",
        )


def _unreadable(base: str, error: Exception) -> ModelError:
    return ModelError(
        f"the base model {base} cannot be read: {error}",
        remedy="Check that the folder is complete, or that the hub can be reached.",
    )
