"""What two rows may not share, told apart by whole columns. Of twins the first row, by its line, is kept.

Of most rows nothing but hashes is ever compared: `marks_of` gives them block by block, `suspects` says which rows have
a mark in common with another one, and only those meet each other in `part_twins`, by their text.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from apps.datasets.issues import ISSUE_COLUMNS, VALUE_LENGTH_MAX
from apps.datasets.readers import LINE
from workers.inference.lookup.schema import Column, TableSchema

_FIRST, _CODE, _ROW = "#first", "#code", "#row"


def marks_of(table: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """Return LINE and a hash (u64) of everything in a row that may not repeat: the whole of it, and single cells.

    Blank cells have none. `table` is as in `part_twins`.
    """
    keys = {column.key for column in schema.columns if column.unique}
    if schema.identifier_column:
        keys.add(schema.name_column.key)
    cells = [pl.when(pl.col(key) != "").then(pl.col(key).hash()).alias(key) for key in sorted(keys)]
    return table.select(LINE, *cells).with_columns(table.select(schema.keys).hash_rows().alias(_ROW))


def suspects(marks: pl.DataFrame) -> pl.Series:
    """Return the lines whose rows have a mark in common with another row; no other row can have a twin."""
    lines = [marks.filter(column.is_in(_repeated_values(column)))[LINE] for column in marks.drop(LINE).iter_columns()]
    return pl.concat(lines).unique()


def _repeated_values(marks: pl.Series) -> pl.Series:
    """Sorted, what repeats stands side by side: a fraction of the memory that counting takes."""
    values = np.sort(marks.drop_nulls().to_numpy())
    return pl.Series(np.unique(values[1:][values[1:] == values[:-1]])).implode()


def part_twins(table: pl.DataFrame, schema: TableSchema) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that may stay, and what is wrong with others as a table of ISSUE_COLUMNS.

    `table` has LINE (rising) and one column per schema key. Judged one after the other, each among the rows that are
    still there: `duplicate_row` (every cell the same), then column by column what is unique in the schema, blank cells
    apart: `duplicate_identifier_same_name`, `duplicate_identifier`; a breach is an error, or a warning where the column
    says so. At last `duplicate_name`, a warning: the same name with another identifier.
    """
    twins = _same_rows(table, schema)
    table, found = _without(table, twins), [_issues(twins, label="", value=_whole(schema), is_warning=False)]
    for column in schema.columns:
        if column.unique:
            twins, is_warning = _same_cells(table, column, schema), "unique" in column.warn
            found.append(_issues(twins, label=column.label, value=pl.col(column.key), is_warning=is_warning))
            table = table if is_warning else _without(table, twins)
    name = schema.name_column
    if schema.identifier_column and not name.unique:
        twins = _same_names(table, schema)
        found.append(_issues(twins, label=name.label, value=pl.col(name.key), is_warning=True))
    return table, pl.concat(found)


def _same_rows(table: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    identifier = schema.identifier_column
    among = table.filter(table[identifier.key].is_duplicated()) if identifier else table
    suspects = among.filter(among.select(schema.keys).hash_rows().is_duplicated())
    twins = suspects.with_columns(pl.col(LINE).first().over(schema.keys).alias(_FIRST))
    return twins.filter(pl.col(LINE) != pl.col(_FIRST)).with_columns(pl.lit("duplicate_row").alias(_CODE))


def _same_cells(table: pl.DataFrame, column: Column, schema: TableSchema) -> pl.DataFrame:
    code: pl.Expr = pl.lit("duplicate_name" if column.role == "name" else "duplicate_identifier")
    if column.role == "identifier":
        is_same_name = _differs_from_first(schema.name_column.key, per=column.key).not_()
        code = pl.when(is_same_name).then(pl.lit("duplicate_identifier_same_name")).otherwise(code)
    twins = _repeated(table, column.key).with_columns(code.alias(_CODE))
    return twins.filter(pl.col(LINE) != pl.col(_FIRST))


def _same_names(table: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    assert schema.identifier_column is not None  # noqa: S101  (the caller has looked)
    name, identifier = schema.name_column.key, schema.identifier_column.key
    twins = _repeated(table, name).with_columns(pl.lit("duplicate_name").alias(_CODE))
    return twins.filter(_differs_from_first(identifier, per=name))


def _repeated(table: pl.DataFrame, key: str) -> pl.DataFrame:
    """The rows whose cell in `key` is not blank and stands there more than once, each with the line of the first."""
    cells = table[key]
    suspects = table.filter(cells.is_duplicated() & (cells != ""))
    return suspects.with_columns(pl.col(LINE).first().over(key).alias(_FIRST))


def _differs_from_first(key: str, *, per: str) -> pl.Expr:
    return pl.col(key) != pl.col(key).first().over(per)


def _without(table: pl.DataFrame, twins: pl.DataFrame) -> pl.DataFrame:
    return table.filter(~pl.col(LINE).is_in(twins[LINE].implode())) if twins.height else table


def _whole(schema: TableSchema) -> pl.Expr:
    return pl.concat_str(schema.keys, separator=" | ")


def _issues(twins: pl.DataFrame, *, label: str, value: pl.Expr, is_warning: bool) -> pl.DataFrame:
    values = {
        "line": pl.col(LINE),
        "code": pl.col(_CODE),
        "column": pl.lit(label),
        "value": value.str.slice(0, VALUE_LENGTH_MAX),
        "is_warning": pl.lit(is_warning),
        "params": pl.concat_str(pl.lit('{"first": '), pl.col(_FIRST), pl.lit("}")),
    }
    return twins.select(**values).cast(pl.Schema(ISSUE_COLUMNS))
