"""What a training is told: plain Python, no torch, so that admin form, API and trainer share one validation.

Parameters keep the names of PEFT and Transformers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


def _(text: str) -> str:
    """Marks a string for translation; the web side translates it."""
    return text


# kind -> dotted path of `train(spec, job) -> None`; one entry per way of training.
TRAINERS: dict[str, str] = {"lora_slots": "workers.trainers.lora.train"}

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Refused(ValueError):
    """Why one value is refused: `text` with {names}, and the `values` of the names."""

    def __init__(self, text: str, **values: float) -> None:
        super().__init__(text.format(**values))
        self.text, self.values = text, values


class ParameterErrors(ValueError):
    """`refused` maps each refused field to the reason; `fields` is the same in English sentences."""

    def __init__(self, refused: Mapping[str, Refused]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in refused.items()))
        self.refused = dict(refused)

    @property
    def fields(self) -> dict[str, str]:
        return {name: str(reason) for name, reason in self.refused.items()}

    def translated(self, translate: Callable[[str], str]) -> dict[str, str]:
        """The sentences in another language: `translate` is given each text before its values are filled in."""
        return {name: translate(reason.text).format(**reason.values) for name, reason in self.refused.items()}


def _parameter(default: Any, label: str, help_text: str, *, low: float, high: float, above: bool = False) -> Any:
    """A number in [low, high], or in (low, high] where `above`."""
    return field(default=default, metadata={"label": label, "help": help_text, "min": low, "max": high, "above": above})


@dataclass(frozen=True)
class LoraParameters:
    """One way of LoRA fine-tuning. Build it with `validate_parameters`, which checks every value."""

    r: int = _parameter(
        16, _("LoRA rank"), _("Size of the adapter. More learns more and takes longer."), low=1, high=256
    )
    lora_alpha: int = _parameter(
        32, _("LoRA alpha"), _("Strength of the adapter; usually twice the rank."), low=1, high=512
    )
    lora_dropout: float = _parameter(
        0.0, _("LoRA dropout"), _("Share of the adapter switched off at random while learning."), low=0.0, high=0.5
    )
    target_modules: tuple[str, ...] = field(
        default=MODULES,
        metadata={
            "label": _("Adapted layers"),
            "help": _("The projections that get an adapter. All of them is the usual choice."),
            "choices": MODULES,
        },
    )
    learning_rate: float = _parameter(
        2e-4, _("Learning rate"), _("Step size at its peak. Small models bear more."), low=0.0, high=0.05, above=True
    )
    num_train_epochs: float = _parameter(
        2.0, _("Epochs"), _("How often every example is seen."), low=0.0, high=100.0, above=True
    )
    per_device_train_batch_size: int = _parameter(
        16, _("Batch size"), _("Examples per pass; lower it when memory is short."), low=1, high=512
    )
    gradient_accumulation_steps: int = _parameter(
        1, _("Gradient accumulation"), _("Passes per optimiser step; multiplies the batch size."), low=1, high=256
    )
    warmup_ratio: float = _parameter(
        0.05, _("Warm-up"), _("Share of the steps in which the learning rate rises."), low=0.0, high=0.5
    )
    max_length: int = _parameter(
        192, _("Longest example"), _("In tokens; longer examples are left out."), low=32, high=4096
    )
    train_examples: int = _parameter(
        10_000, _("Training examples"), _("How many questions are made from the rows."), low=8, high=1_000_000
    )
    evaluation_examples: int = _parameter(
        300, _("Evaluation examples"), _("Questions on unseen rows and wordings, for the score."), low=8, high=10_000
    )


@dataclass(frozen=True)
class Preset:
    label: str
    help: str
    values: Mapping[str, Any]


# The parameters not named keep their defaults.
PRESETS: dict[str, Preset] = {
    "demo": Preset(
        _("Demo"),
        _("For the small base model that comes with the product: about two minutes on two cores."),
        {"learning_rate": 6e-3, "num_train_epochs": 1.0, "per_device_train_batch_size": 32, "max_length": 128,
         "train_examples": 16_000},
    ),
    "balanced": Preset(
        _("Balanced"),
        _("For models of 20 to 200 million parameters."),
        {"learning_rate": 1e-3, "num_train_epochs": 2.0},
    ),
    "thorough": Preset(
        _("Thorough"),
        _("More examples and a larger adapter, for the last point of accuracy."),
        {"r": 32, "lora_alpha": 64, "learning_rate": 1e-3, "num_train_epochs": 3.0, "train_examples": 30_000,
         "evaluation_examples": 1000},
    ),
    "qwen3_0.6b": Preset(
        _("Qwen3-0.6B"),
        _("For the production base model; needs a GPU to be quick."),
        {"lora_dropout": 0.05, "learning_rate": 2e-4, "num_train_epochs": 2.0, "per_device_train_batch_size": 8,
         "gradient_accumulation_steps": 4, "train_examples": 20_000, "evaluation_examples": 500},
    ),
}  # fmt: skip


def validate_parameters(values: Mapping[str, Any]) -> LoraParameters:
    """The parameters in `values`, defaults for those missing. Raises ParameterErrors, which names every wrong field.

    Numbers may come as text, as forms send them; NaN, infinities and values out of range are refused.
    """
    known = {item.name: item for item in fields(LoraParameters)}
    errors = {name: Refused(_("Unknown parameter.")) for name in values if name not in known}
    accepted: dict[str, Any] = {}
    for name, value in values.items():
        if name in known:
            try:
                accepted[name] = _check(value, default=known[name].default, metadata=known[name].metadata)
            except Refused as reason:
                errors[name] = reason
    if errors:
        raise ParameterErrors(errors)
    return LoraParameters(**accepted)


def _check(value: Any, *, default: Any, metadata: Mapping[str, Any]) -> Any:
    if "choices" in metadata:
        return _check_choices(value, choices=metadata["choices"])
    number = _whole(value) if isinstance(default, int) else _decimal(value)
    low, high = metadata["min"], metadata["max"]
    if metadata["above"] and not low < number <= high:
        raise Refused(_("Must be above {low} and at most {high}."), low=low, high=high)
    if not low <= number <= high:
        raise Refused(_("Must be from {low} to {high}."), low=low, high=high)
    return number


def _check_choices(value: Any, *, choices: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)) or not value:
        raise Refused(_("Choose at least one."))
    if any(item not in choices for item in value) or len(set(value)) != len(value):
        raise Refused(_("Choose each at most once, from the list."))
    return tuple(item for item in choices if item in value)


def _decimal(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused(_("Must be a number."))
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Refused(_("Must be a number.")) from None
    if not math.isfinite(number):
        raise Refused(_("Must be a finite number."))
    return number


def _whole(value: Any) -> int:
    number = _decimal(value)
    if number != int(number):
        raise Refused(_("Must be a whole number."))
    return int(number)


@dataclass(frozen=True)
class DatasetSpec:
    """`rows_file` is a canonical rows.csv; `sha256` its hash; `schema` the table schema as plain data."""

    rows_file: str
    sha256: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingSpec:
    """Everything a trainer is told, as written to JOB_DIR/spec.json."""

    job_id: str
    kind: str
    base_model: str
    dataset: DatasetSpec
    parameters: LoraParameters
    seed: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> TrainingSpec:
        """Reads what `to_json` wrote. Raises ValueError, or ParameterErrors, in words that say what is wrong."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ValueError(f"the specification is not valid JSON: {error}") from None
        expected = {item.name for item in fields(cls)}
        if not isinstance(values, dict) or set(values) != expected:
            raise ValueError(f"the specification needs exactly these keys: {', '.join(sorted(expected))}")
        for key in ("job_id", "kind", "base_model"):
            if not isinstance(values[key], str) or not values[key]:
                raise ValueError(f"{key} must be text")
        if values["kind"] not in TRAINERS:
            raise ValueError(f"unknown kind of training {values['kind']!r}; known: {', '.join(TRAINERS)}")
        if isinstance(values["seed"], bool) or not isinstance(values["seed"], int) or not 0 <= values["seed"] < 2**32:
            raise ValueError("seed must be a whole number from 0 to 4294967295")
        if not isinstance(values["parameters"], dict):
            raise ValueError("parameters must be an object")
        values["dataset"] = _dataset(values["dataset"])
        values["parameters"] = validate_parameters(values["parameters"])
        return cls(**values)


def _dataset(values: Any) -> DatasetSpec:
    if not isinstance(values, dict) or set(values) != {"rows_file", "sha256", "schema"}:
        raise ValueError("dataset needs exactly these keys: rows_file, sha256, schema")
    if not isinstance(values["rows_file"], str) or not isinstance(values["sha256"], str):
        raise ValueError("dataset.rows_file and dataset.sha256 must be text")
    if not isinstance(values["schema"], dict):
        raise ValueError("dataset.schema must be an object")
    return DatasetSpec(**values)
