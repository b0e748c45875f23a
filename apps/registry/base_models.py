"""The base models that may be trained on. The operator decides: the settings name them, nothing else is ever loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class BaseModelChoice:
    """`value` is what a trainer is given: a folder of this machine or a hub id. `label` is what people read."""

    value: str
    label: str


def available() -> list[BaseModelChoice]:
    """Return what may be trained on, settings.BASE_MODEL first, each once.

    The rest is settings.BASE_MODELS; where that is empty, the folders with a config.json directly below
    settings.BASE_MODEL_FOLDERS. Two folders of the same name are told apart by their whole path.
    """
    values = list(dict.fromkeys([str(settings.BASE_MODEL), *(settings.BASE_MODELS or _found())]))
    labels = Counter(label_of(value) for value in values)
    return [BaseModelChoice(value, label_of(value) if labels[label_of(value)] == 1 else value) for value in values]


def is_available(value: str) -> bool:
    return any(choice.value == value for choice in available())


def label_of(value: str) -> str:
    """Return the name of a folder without the folders above it; a hub id is whole."""
    is_folder = value.startswith(("/", ".")) or value.count("/") > 1
    return Path(value).name if is_folder else value


def _found() -> Iterator[str]:
    for folder in settings.BASE_MODEL_FOLDERS:
        yield from (str(config.parent) for config in sorted(Path(folder).glob("*/config.json")))
