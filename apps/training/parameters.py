"""The trainers' parameters as people see them: translated labels, limits, presets; for the form and the API alike."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext

from workers.trainers.configs import PRESETS, LoraParameters


@dataclass(frozen=True)
class Parameter:
    """One field of LoraParameters. `type` is integer, number or choices; limits are None for choices."""

    key: str
    label: str
    help: str
    type: str
    default: Any
    minimum: float | None
    minimum_excluded: bool
    maximum: float | None
    choices: tuple[str, ...] | None


def parameters() -> list[Parameter]:
    """Return every parameter in the order of the dataclass, in the active language."""
    found = []
    for item in fields(LoraParameters):
        told = item.metadata
        label, help_text = told["label"], told["help"]
        kind = "choices" if "choices" in told else "integer" if isinstance(item.default, int) else "number"
        found.append(
            Parameter(
                key=item.name,
                label=gettext(label),
                help=gettext(help_text),
                type=kind,
                default=item.default,
                minimum=told.get("min"),
                minimum_excluded=told.get("above", False),
                maximum=told.get("max"),
                choices=told.get("choices"),
            )
        )
    return found


def presets() -> list[dict[str, Any]]:
    """Return every preset with its complete values (defaults filled in), in the active language."""
    defaults = {item.name: item.default for item in fields(LoraParameters)}
    return [
        {
            "key": key,
            "label": gettext(preset.label),
            "help": gettext(preset.help),
            "values": {**defaults, **preset.values},
        }
        for key, preset in PRESETS.items()
    ]
