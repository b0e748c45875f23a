"""What the console shows of a version, as rows of tables: figures with labels, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.words import listed
from apps.registry import base_models
from apps.registry.models import ModelVersion
from workers.trainers.configs import LoraParameters

METRIC_LABELS = {
    "slot_exact_match": _("Whole question read right"),
    "valid_json": _("Answer has a valid form"),
    "field_match": _("Right field"),
    "bank_match": _("Right bank"),
    "place_match": _("Right place"),
    "branch_match": _("Right branch"),
}
EXAMPLES_SHOWN = 8


@dataclass(frozen=True)
class Metric:
    """One figure of the evaluation on unseen rows and wordings, of the base model and of this version."""

    name: str
    label: str
    base: str
    tuned: str
    change: str
    is_better: bool


@dataclass(frozen=True)
class Parameter:
    name: str
    label: str
    value: str
    help: str


def metrics(version: ModelVersion) -> list[Metric]:
    """Return the figures that base and tuned model have in common or alone, the most telling first."""
    sides = [version.metrics.get(side) for side in ("base", "tuned")]
    names = dict.fromkeys(name for side in sides if isinstance(side, dict) for name in side)
    known = [name for name in METRIC_LABELS if name in names]
    return [_metric(version, name) for name in dict.fromkeys([*known, *names])]


def score(version: ModelVersion) -> str:
    """Return the most telling figure, before and after tuning: "12.0% → 97.3%"."""
    row = _metric(version, "slot_exact_match")
    return f"{row.base} → {row.tuned}" if row.tuned != "—" else "—"


def examples(version: ModelVersion) -> list[dict[str, Any]]:
    """Return some questions of the evaluation: {"question", "expected", "base", "tuned"}."""
    found = version.metrics.get("examples")
    return found[:EXAMPLES_SHOWN] if isinstance(found, list) else []


def parameters(version: ModelVersion) -> list[Parameter]:
    """Return the parameters with the labels of the form they were entered in; unknown ones keep their name."""
    described = {item.name: item.metadata for item in fields(LoraParameters)} | {"seed": {"label": gettext("Seed")}}
    return [
        _parameter(name, value, told=described.get(name, {"label": name})) for name, value in version.parameters.items()
    ]


def _parameter(name: str, value: Any, *, told: Mapping[str, Any]) -> Parameter:
    label, help_text = told["label"], told.get("help")
    shown = listed(value) if isinstance(value, list) else str(value)
    return Parameter(name=name, label=gettext(label), value=shown, help=gettext(help_text) if help_text else "")


def base_model(value: str) -> SafeString:
    """Return a base model by the name people know, its whole path in the title."""
    return format_html('<span title="{}">{}</span>', value, base_models.label_of(value))


def _metric(version: ModelVersion, name: str) -> Metric:
    base, tuned = version.metric("base", name), version.metric("tuned", name)
    change = None if base is None or tuned is None else tuned - base
    return Metric(
        name=name,
        label=str(METRIC_LABELS.get(name, name)),
        base=_figure(base),
        tuned=_figure(tuned),
        change="" if change is None else _change(change, is_share=_is_share(base) and _is_share(tuned)),
        is_better=change is not None and change > 0,
    )


def _is_share(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1


def _figure(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.1%}" if _is_share(value) else f"{value:,.4g}"


def _change(difference: float, *, is_share: bool) -> str:
    return gettext("%+.1f pp") % (100 * difference) if is_share else f"{difference:+,.4g}"
