"""The models in memory: each base once, with any number of LoRA adapters on it. Used by one thread only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from workers.inference.generation.loading import ModelError, check_base, is_local, load_base, load_tokenizer

MOST_ADAPTERS = 32  # the one unused for longest makes room


class UnknownModelError(Exception):
    """No base and no adapter has this name."""


@dataclass
class _Base:
    name: str
    source: str
    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel | PeftModel


@dataclass
class _Adapter:
    base: _Base
    path: Path


@dataclass
class LoadedModels:
    """`base`, when given, is loaded at once and served under its name; other local bases come with their adapters."""

    adapters_root: Path
    device: torch.device
    base: str = ""
    _bases: dict[str, _Base] = field(default_factory=dict)
    _adapters: dict[str, _Adapter] = field(default_factory=dict)  # least recently used first

    def __post_init__(self) -> None:
        if self.base:
            self._base(self.base)

    def names(self) -> list[str]:
        return [base.name for base in self._bases.values()] + list(self._adapters)

    def load_adapter(self, name: str, path: Path) -> None:
        """Make the adapter at `path` answer as `name`; loading the same one again does nothing. Raises ModelError."""
        folder = self._allowed(path)
        loaded = self._adapters.get(name)
        if loaded and loaded.path == folder:
            return
        if loaded or name in self.names():
            raise ModelError(f"the name {name} is taken", remedy="Unload that adapter first, or choose another name.")
        base = self._base(_base_of(folder))
        try:
            if isinstance(base.model, PeftModel):
                base.model.load_adapter(str(folder), adapter_name=name, use_safetensors=True)
            else:
                base.model = PeftModel.from_pretrained(base.model, str(folder), adapter_name=name, use_safetensors=True)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            self._clean(base, name)
            raise ModelError(
                f"the adapter cannot be loaded: {error}", remedy="Train it again on this base model."
            ) from error
        base.model.eval()
        self._adapters[name] = _Adapter(base, folder)
        while len(self._adapters) > MOST_ADAPTERS:
            self.unload_adapter(next(iter(self._adapters)))

    def unload_adapter(self, name: str) -> None:
        """Raises UnknownModelError."""
        if name not in self._adapters:
            raise UnknownModelError(name)
        base = self._adapters.pop(name).base
        model = _with_adapters(base)
        if any(adapter.base is base for adapter in self._adapters.values()):
            model.delete_adapter(name)
        else:  # peft cannot work without any adapter
            base.model = model.unload()

    def tokenizer(self, name: str) -> PreTrainedTokenizerBase:
        """Raises UnknownModelError."""
        return self._find(name).tokenizer

    @contextmanager
    def using(self, name: str) -> Iterator[torch.nn.Module]:
        """The model that answers as `name`, for the time of the block. Raises UnknownModelError."""
        base = self._find(name)
        if name in self._adapters:
            self._adapters[name] = self._adapters.pop(name)
            model = _with_adapters(base)
            model.set_adapter(name)
            yield model
        elif isinstance(base.model, PeftModel):
            with base.model.disable_adapter():
                yield base.model
        else:
            yield base.model

    def _clean(self, base: _Base, name: str) -> None:
        """Take away what a failed loading of an adapter left in the model."""
        if not isinstance(base.model, PeftModel):
            base.model = load_base(base.source, device=self.device)
        elif name in base.model.peft_config:
            base.model.delete_adapter(name)

    def _find(self, name: str) -> _Base:
        if name in self._adapters:
            return self._adapters[name].base
        for base in self._bases.values():
            if base.name == name:
                return base
        raise UnknownModelError(name)

    def _allowed(self, path: Path) -> Path:
        folder = path.resolve()
        if not folder.is_relative_to(self.adapters_root.resolve()):
            raise ModelError(f"{path} is not under the adapters' root", remedy="Register the adapter first.")
        if not (folder / "adapter_model.safetensors").is_file():
            raise ModelError(f"{path} holds no adapter_model.safetensors", remedy="Give the folder of a LoRA adapter.")
        return folder

    def _base(self, source: str) -> _Base:
        """The base, loaded when it is not yet. Adapters may bring local bases, but no others from the hub."""
        key = str(Path(source).resolve()) if is_local(source) else source
        if key in self._bases:
            return self._bases[key]
        if source != self.base and not is_local(source):
            raise ModelError(f"the base {source} is not served here", remedy="Start the engine with --base for it.")
        check_base(source)
        name = Path(source).name if is_local(source) else source
        loaded = _Base(name, source, load_tokenizer(source), load_base(source, device=self.device))
        self._bases[key] = loaded
        return loaded


def _with_adapters(base: _Base) -> PeftModel:
    return cast(PeftModel, base.model)


def _base_of(folder: Path) -> str:
    """The base model that adapter_config.json names. Raises ModelError."""
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        return str(config["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"adapter_config.json cannot be read: {error}", remedy="Train the adapter again.") from error
