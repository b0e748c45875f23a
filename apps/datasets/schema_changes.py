"""Changing what a dataset's columns are: judged with a sentence for every field, then applied to the newest file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.queue import enqueue
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import IMPORT_TASK, last_number, send_again
from apps.datasets.uploads import link_or_copy, new_folder
from apps.users.models import User
from workers.inference.lookup.checks import CHECKS
from workers.inference.lookup.patterns import PatternError, check_pattern
from workers.inference.lookup.schema import ROLES, RULES, SchemaError, TableSchema, is_key

COLUMNS_MAX = 100
LABEL_LENGTH_MAX = 100
_Status = DatasetVersion.Status


def change_schema(dataset: Dataset, schema: Mapping[str, Any], *, actor: User) -> DatasetVersion | None:
    """Give a dataset another schema ({"columns": [...]}; its kind stays) and read its newest file again under it.

    Returns the version that is on its way to a worker; None where nothing was changed, or no version has been read
    yet or its file is gone. Raises DomainError("invalid_schema") with `fields`, see `read_schema`.
    """
    changed = read_schema(schema, kind=dataset.table_schema.kind)
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        before = dataset.schema
        if dataset.table_schema == changed:
            return None
        dataset.schema = changed.to_dict()
        dataset.save(update_fields=["schema", "updated_at"])
        version = _read_again(dataset, actor=actor)
        record("dataset.schema_changed", actor=actor, target=dataset, before=before, after=dataset.schema)
    return version


def read_schema(data: Mapping[str, Any], *, kind: str) -> TableSchema:
    """Return the schema that people wrote.

    Raises DomainError("invalid_schema") with `fields`: "columns" for the whole, "columns.0.pattern" for a property of
    the first column.
    """
    columns = data.get("columns")
    if not isinstance(columns, Sequence) or isinstance(columns, str) or not 1 <= len(columns) <= COLUMNS_MAX:
        raise _invalid({"columns": _("A schema has between 1 and %(count)s columns.") % {"count": COLUMNS_MAX}})
    fields: dict[str, str] = {}
    for at, column in enumerate(columns):
        found = column_errors(column) if isinstance(column, Mapping) else {"key": _("This is not a column.")}
        fields |= {f"columns.{at}.{name}": message for name, message in found.items()}
    fields |= _errors_together([column for column in columns if isinstance(column, Mapping)])
    if fields:
        raise _invalid(fields)
    try:
        return TableSchema.from_dict({"kind": kind, "columns": columns})
    except SchemaError as error:  # a property that is not known
        raise _invalid({"columns": str(error)}) from error


def column_errors(column: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with a column by itself: property -> sentence."""
    errors: dict[str, str] = {}
    label = column.get("label")
    if not is_key(str(column.get("key", ""))):
        errors["key"] = _("Small letters a to z, digits and _, beginning with a letter; at most 40.")
    if not isinstance(label, str) or not label.strip() or len(label) > LABEL_LENGTH_MAX:
        errors["label"] = _("Say what people call this column, in at most %(count)s characters.") % {
            "count": LABEL_LENGTH_MAX
        }
    if column.get("role", "other") not in ROLES:
        errors["role"] = _("There is no such role.")
    if column.get("check") and column["check"] not in CHECKS:
        errors["check"] = _("There is no such check-digit rule.")
    if message := pattern_error(str(column.get("pattern") or "")):
        errors["pattern"] = message
    if set(map(str, column.get("warn") or ())) - set(RULES):
        errors["warn"] = _("There is no such rule to warn about.")
    return errors


def pattern_error(pattern: str) -> str:
    """Return why a pattern cannot be used, as a sentence; "" where it can."""
    try:
        check_pattern(pattern)
        pl.Series([""]).str.contains(rf"\A(?:{pattern})\z")
    except PatternError as error:
        return _(
            "This form cannot be used (see character %(at)s). Possible are characters, \\d, classes such as [A-Z0-9], "
            "counts (? * + {12} {2,5}), brackets and |, without anything that repeats inside a repetition."
        ) % {"at": error.at + 1}
    except pl.exceptions.ComputeError:
        return _("This form is too large; use smaller counts.")
    return ""


def _errors_together(columns: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, message in (("key", _("Two columns have this key.")), ("label", _("Two columns are called so."))):
        counts = Counter(str(column.get(name, "")).strip() for column in columns)
        for at, column in enumerate(columns):
            value = str(column.get(name, "")).strip()
            if value and counts[value] > 1:
                errors[f"columns.{at}.{name}"] = message
    roles = Counter(column.get("role", "other") for column in columns)
    if roles["name"] != 1:
        errors["columns"] = _("Exactly one column is the name: what people ask for.")
    elif roles["identifier"] > 1:
        errors["columns"] = _("At most one column is the identifier.")
    return errors


def _read_again(dataset: Dataset, *, actor: User) -> DatasetVersion | None:
    """The newest version that was read, as a new one under the dataset's schema of now; one that waits for its columns
    to be confirmed takes the schema itself."""
    read = dataset.versions.filter(status__in=[_Status.DRAFT, _Status.FINALISED, _Status.CONFIRMING])
    base: DatasetVersion | None = read.order_by("-number").first()
    if base is None or not base.source_file.is_file():
        return None
    if base.status == _Status.CONFIRMING:
        send_again(base, schema=dataset.schema)
        return base
    version = DatasetVersion(
        dataset=dataset,
        number=last_number(dataset) + 1,
        origin=DatasetVersion.Origin.REVALIDATION,
        derived_from=base,
        schema=dataset.schema,
        layout=base.layout,
        source_name=base.source_name,
        source_bytes=base.source_bytes,
        source_sha256=base.source_sha256,
        created_by=actor,
    )
    with new_folder(version.directory):
        link_or_copy(base.source_file, version.source_file)
        version.save(force_insert=True)
        enqueue(IMPORT_TASK, str(version.pk))
    return version


def _invalid(fields: dict[str, str]) -> DomainError:
    return DomainError("invalid_schema", _("The schema is not valid."), fields=fields)
