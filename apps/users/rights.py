"""Which rights there are to give: a row for every kind of thing, a column for every verb, and rights by sentence.

A model of the product shows up by itself, with the verbs of its Meta.default_permissions. VERBS says where fewer have a
meaning: what is not listed there decides nothing anywhere, so nobody should wonder about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.access import grantable

COLUMNS = {
    "view": gettext_lazy("See"),
    "add": gettext_lazy("Add"),
    "change": gettext_lazy("Change"),
    "delete": gettext_lazy("Delete"),
}

VERBS: dict[str, tuple[str, ...]] = {
    "datasets.datasetversion": ("add", "change", "delete"),  # seen with its dataset
    "training.trainingjob": ("view", "add", "change"),
    "training.trainingevent": (),
    "registry.registeredmodel": ("view", "change"),
    "registry.modelversion": (),
    "registry.activation": (),
    "qa.question": ("view",),
    "django_celery_results.taskresult": ("view",),
}

SENTENCES = {
    "qa.ask_question": gettext_lazy("Ask questions and see one's own history"),
    "registry.use_registeredmodel": gettext_lazy("Use every model: put questions to it"),
    "users.enter_console": gettext_lazy("Enter the administration console"),
}
"""What a special right means; one that is not here is shown by its name."""

ORDER = ("qa", "registry", "datasets", "training", "users", "audit")
"""Which sections come first; all others follow."""

THIRD_PARTY = ("django_celery_results.taskresult",)


@dataclass(frozen=True)
class Cell:
    """A box: `permission` is None where the verb has no meaning for the thing."""

    verb: str
    label: str
    permission: Permission | None


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    note: str


@dataclass(frozen=True)
class Section:
    """The rights of one app."""

    label: str
    rows: tuple[Row, ...]
    special: tuple[tuple[str, Permission], ...]


def own_apps() -> list[str]:
    """Return the labels of the product's own apps."""
    return [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]


def sections(permissions: Iterable[Permission]) -> list[Section]:
    """Return the matrix of these permissions, by app."""
    found: dict[str, dict[str, dict[str, Permission]]] = {}
    for permission in permissions:
        model = permission.content_type.model
        found.setdefault(permission.content_type.app_label, {}).setdefault(model, {})[permission.codename] = permission
    order = {label: place for place, label in enumerate(ORDER)}
    labels = sorted(found, key=lambda label: order.get(label, len(ORDER)))
    return [_section(apps.get_app_config(label), found[label]) for label in labels]


def offered() -> list[Permission]:
    """Return the permissions that have a meaning for people."""
    wanted = Q(content_type__app_label__in=own_apps())
    for label in THIRD_PARTY:
        app, model = label.split(".")
        wanted |= Q(content_type__app_label=app, content_type__model=model)
    rows = Permission.objects.filter(wanted).select_related("content_type").order_by("content_type__model", "codename")
    return [permission for permission in rows if _has_meaning(permission)]


def with_sight(names: set[str]) -> set[str]:
    """Return the permissions ("app.codename") and, for everything that may be changed, the one to see it."""
    seen = set()
    for name in names:
        app, codename = name.split(".")
        verb, _underscore, model = codename.partition("_")
        if verb in COLUMNS and model in apps.all_models[app]:
            seen.add(grantable(f"{app}.view_{model}"))
    return names | seen


def name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _has_meaning(permission: Permission) -> bool:
    kind = permission.content_type
    if kind.model not in apps.all_models[kind.app_label]:
        return False  # of a table that is gone
    verb, _underscore, model = permission.codename.partition("_")
    if verb not in COLUMNS or model != kind.model:
        return True
    return verb in VERBS.get(f"{kind.app_label}.{model}", tuple(COLUMNS))


def _section(config: Any, models: dict[str, dict[str, Permission]]) -> Section:
    rows, special = [], []
    for model, permissions in models.items():
        cells = tuple(Cell(verb, str(label), permissions.get(f"{verb}_{model}")) for verb, label in COLUMNS.items())
        if any(cell.permission for cell in cells):
            seen = grantable(f"{config.label}.view_{model}")
            note = "" if seen.endswith(f"_{model}") else _seen_with(seen)
            rows.append(Row(capfirst(apps.get_model(config.label, model)._meta.verbose_name_plural), cells, note))
        usual = {f"{verb}_{model}" for verb in COLUMNS}
        special += [(_sentence(permissions[name]), permissions[name]) for name in permissions if name not in usual]
    return Section(str(config.verbose_name), tuple(rows), tuple(special))


def _seen_with(permission: str) -> str:
    app, codename = permission.split(".")
    parent = apps.get_model(app, codename.partition("_")[2])._meta.verbose_name
    return _("seen with its %(thing)s") % {"thing": parent}


def _sentence(permission: Permission) -> str:
    return str(SENTENCES.get(name_of(permission), _(permission.name)))
