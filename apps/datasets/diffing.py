"""What is different between two versions of a dataset: computed once with polars, kept beside the newer one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.datasets.listings import Listing, holds, write_listing
from apps.datasets.models import DatasetVersion
from apps.datasets.readers import LINE
from apps.datasets.rows import rows_of
from workers.inference.lookup.schema import Column, TableSchema

CACHE_PREFIX = "diff."
ADDED, REMOVED, CHANGED = KINDS = ("added", "removed", "changed")
_KIND, _OLD_LINE, _NEW_LINE, _KEY, _NTH = "#kind", "#old_line", "#new_line", "#key", "#nth"


class Change(NamedTuple):
    """One difference. `pairs` are (old cell, new cell) of the common columns, None on the side that has no such row;
    lines are those of the files as uploaded."""

    kind: str
    old_line: int | None
    new_line: int | None
    pairs: list[tuple[str | None, str | None]]


@dataclass(frozen=True)
class Comparison:
    """The differences from `old` to `new` in the columns that both have; they lie in `path`."""

    old: DatasetVersion
    new: DatasetVersion
    columns: tuple[Column, ...]
    path: Path

    @cached_property
    def counts(self) -> dict[str, int]:
        """{"added", "removed", "changed", "unchanged"}: rows."""
        found = dict(self.changes().frame.group_by(_KIND).len().collect().iter_rows())
        counts = {kind: int(found.get(kind, 0)) for kind in KINDS}
        return {**counts, "unchanged": self.old.rows_accepted - counts[REMOVED] - counts[CHANGED]}

    @property
    def only_old(self) -> list[str]:
        """Labels of the columns that are not compared: the newer version has none such."""
        return _labels_missing(self.old.table_schema, self.columns)

    @property
    def only_new(self) -> list[str]:
        return _labels_missing(self.new.table_schema, self.columns)

    def changes(self, *, kind: str = "", column: str = "", search: str = "") -> Listing[Change]:
        """Return the differences in the order of the lines: of one kind, in one column (its key), with `search` in some
        cell, where given."""
        keys = [one.key for one in self.columns]
        wanted = [pl.col(_KIND) == kind] if kind else []
        if column:
            wanted.append((pl.col(_KIND) == CHANGED) & (pl.col(_old(column)) != pl.col(_new(column))))
        found = holds(search, [*map(_old, keys), *map(_new, keys)])
        wanted += [] if found is None else [found]
        return Listing(self.path, _change, where=pl.all_horizontal(wanted) if wanted else None)


def compare(old: DatasetVersion, new: DatasetVersion) -> Comparison:
    """Return the differences of two versions of one dataset; computed the first time, a file after that.

    Rows belong together by their identifier, by their name where they have none; rows that occur several times are
    paired first where they are equal, then in the order of their lines. Raises DomainError("not_comparable") where one
    of them has no rows or no column is common, "files_missing" where rows are gone from the disk.
    """
    _refuse_without_rows(old, new)
    others = set(old.table_schema.keys)
    columns = tuple(column for column in new.table_schema.columns if column.key in others)
    if not columns:
        raise DomainError("not_comparable", _("These versions have no column in common: nothing can be compared."))
    keys = [column.key for column in columns]
    pairing = [column.key for column in _pairing_columns(new.table_schema) if column.key in keys]
    path = new.directory / f"{CACHE_PREFIX}{_fingerprint(old, new, keys, pairing)}.arrow"
    if not path.is_file():
        write_listing(_differences(rows_of(old).frame, rows_of(new).frame, keys=keys, pairing=pairing), path)
    return Comparison(old=old, new=new, columns=columns, path=path)


def comparable_with(version: DatasetVersion) -> QuerySet[DatasetVersion]:
    """Return the other versions of the dataset that have rows, newest first."""
    others: QuerySet[DatasetVersion] = version.dataset.versions.with_rows().exclude(pk=version.pk)
    return others.order_by("-number")


def usual_base(version: DatasetVersion) -> DatasetVersion | None:
    """Return what a version is compared with unless somebody chooses: the active one, else the one before."""
    others = list(comparable_with(version))
    active = next((other for other in others if other.pk == version.dataset.active_version_id), None)
    return active or next((other for other in others if other.number < version.number), None)


def _refuse_without_rows(*versions: DatasetVersion) -> None:
    for version in versions:
        if not version.has_rows:
            message = _("%(version)s has no rows to compare: its import is not complete.")
            raise DomainError("not_comparable", message % {"version": f"v{version.number}"})
        if not version.columns_file.is_file():
            message = _("The rows of %(version)s are gone from the disk. Upload its file again.")
            raise DomainError("files_missing", message % {"version": f"v{version.number}"})


def _pairing_columns(schema: TableSchema) -> list[Column]:
    return [column for column in (schema.identifier_column, schema.name_column) if column is not None]


def _fingerprint(old: DatasetVersion, new: DatasetVersion, keys: list[str], pairing: list[str]) -> str:
    facts = "\n".join([old.content_sha256, new.content_sha256, *keys, "", *pairing])
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _differences(old: pl.LazyFrame, new: pl.LazyFrame, *, keys: list[str], pairing: list[str]) -> pl.DataFrame:
    """Return the table of differences: kind, both lines, every column old and new. Equal rows go first, in one join;
    what is left is little."""
    befores, afters = (frame.select(LINE, *keys).with_columns(_nth(keys)).collect() for frame in (old, new))
    same_row = [*keys, _NTH]
    removed = _paired(befores.join(afters, on=same_row, how="anti"), pairing, line=_OLD_LINE, name=_old)
    added = _paired(afters.join(befores, on=same_row, how="anti"), pairing, line=_NEW_LINE, name=_new)
    removed_or = pl.when(pl.col(_NEW_LINE).is_null()).then(pl.lit(REMOVED))
    kind = removed_or.when(pl.col(_OLD_LINE).is_null()).then(pl.lit(ADDED)).otherwise(pl.lit(CHANGED))
    both = removed.join(added, on=[_KEY, _NTH], how="full", coalesce=True)
    pairs = [side(key) for key in keys for side in (_old, _new)]
    ordered = both.sort(pl.coalesce(_NEW_LINE, _OLD_LINE), pl.col(_OLD_LINE), nulls_last=True)
    return ordered.select(kind.alias(_KIND), _OLD_LINE, _NEW_LINE, *pairs)


def _nth(columns: Sequence[str]) -> pl.Expr:
    """Which of its equals a row is, in the order of lines: 0, 1, 2 ..."""
    return pl.int_range(pl.len()).over(columns).alias(_NTH)


def _paired(rows: pl.DataFrame, pairing: list[str], *, line: str, name: Any) -> pl.DataFrame:
    """Name the columns of one side and give each row the key by which it finds its other half."""
    key = pl.lit(None, dtype=pl.String)
    for at, column in reversed(list(enumerate(pairing))):
        key = pl.when(pl.col(column) != "").then(pl.format("{}:{}", pl.lit(at), pl.col(column))).otherwise(key)
    keyed = rows.sort(LINE).drop(_NTH).with_columns(key.alias(_KEY)).with_columns(_nth([_KEY]))
    return keyed.rename({LINE: line} | {column: name(column) for column in rows.columns if column not in (LINE, _NTH)})


def _old(key: str) -> str:
    return f"old:{key}"


def _new(key: str) -> str:
    return f"new:{key}"


def _labels_missing(schema: TableSchema, columns: Sequence[Column]) -> list[str]:
    common = {column.key for column in columns}
    return [column.label for column in schema.columns if column.key not in common]


def _change(values: Sequence[Any]) -> Change:
    kind, old_line, new_line, *cells = values
    return Change(kind, old_line, new_line, list(zip(cells[::2], cells[1::2], strict=True)))
