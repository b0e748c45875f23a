"""What a record table looks like, as data: columns, their roles, and the rules their cells obey."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, cast, get_args

from workers.inference.lookup.checks import CHECK_LENGTHS, CHECKS, check_digit
from workers.inference.lookup.patterns import PatternError, check_pattern, example_of

Role = Literal["name", "identifier", "other"]
ROLES: tuple[str, ...] = get_args(Role)
RULES = ("required", "pattern", "check", "unique")
"""What a column may demand of its cells, in the order they are judged."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGITS = re.compile(r"\[0-9\]\{([0-9]+)\}")
_ANY_PAYLOAD = "1" * 17


class SchemaError(ValueError):
    """The schema contradicts itself; the message says where."""


def is_key(text: str) -> bool:
    """Whether `text` may be the key of a column or the kind of a table."""
    return _KEY.fullmatch(text) is not None


def digits_pattern(count: int) -> str:
    """The pattern of a cell of `count` digits; see `Column.digits`."""
    return f"[0-9]{{{count}}}"


@dataclass(frozen=True)
class Column:
    """One column. `pattern` is a regular expression, of the safe kind (see patterns.py), that a whole cell must match
    ("" = anything); a blank cell is judged by `required` alone. `check` is a key of CHECKS or "". `warn` names the
    RULES whose breach is a warning (the row is taken); a breach of any other is an error (the row is skipped)."""

    key: str
    label: str
    role: Role = "other"
    required: bool = False
    pattern: str = ""
    check: str = ""
    unique: bool = False
    warn: tuple[str, ...] = ("check",)

    def __post_init__(self) -> None:
        if not is_key(self.key):
            raise SchemaError(f"column key {self.key!r}: use lower-case letters, digits and _, at most 40")
        if self.role not in ROLES:
            raise SchemaError(f"column {self.key}: role {self.role!r} is none of {', '.join(ROLES)}")
        if self.check and self.check not in CHECKS:
            raise SchemaError(f"column {self.key}: unknown check {self.check!r}")
        if unknown := set(self.warn) - set(RULES):
            raise SchemaError(f"column {self.key}: there is no rule {', '.join(sorted(unknown))} to warn about")
        try:
            check_pattern(self.pattern)
        except PatternError as error:
            raise SchemaError(f"column {self.key}: pattern: {error}") from error

    @cached_property
    def digits(self) -> int | None:
        """How many digits a cell has where the pattern says just this (see `digits_pattern`), else None."""
        found = _DIGITS.fullmatch(self.pattern)
        return int(found[1]) if found else None

    def accepts(self, cell: str) -> bool:
        """Whether the cell may stand in this column (the check digit is not looked at: see `passes_check`)."""
        if not cell:
            return not self.required
        return not self.pattern or re.fullmatch(self.pattern, cell) is not None

    def passes_check(self, cell: str) -> bool:
        """Whether the cell satisfies the column's check; blank cells and columns without a check do."""
        return not (cell and self.check) or CHECKS[self.check](cell)

    def example(self) -> str:
        """A cell that fits, where possible with right check digits; "" where any text does."""
        example = example_of(self.pattern)
        if not self.check:
            return example
        payload = example[: -CHECK_LENGTHS[self.check]] or _ANY_PAYLOAD
        try:
            checked = payload + check_digit(self.check, payload)
        except ValueError:
            return example
        return checked if self.accepts(checked) else example


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table in the order of its rows: exactly one `name`, at most one `identifier`."""

    kind: str
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if not is_key(self.kind):
            raise SchemaError(f"kind {self.kind!r}: use lower-case letters, digits and _, at most 40")
        keys = [column.key for column in self.columns]
        if len(set(keys)) != len(keys):
            raise SchemaError("two columns have the same key")
        roles = [column.role for column in self.columns]
        if roles.count("name") != 1:
            raise SchemaError("exactly one column must have the role name")
        if roles.count("identifier") > 1:
            raise SchemaError("at most one column may have the role identifier")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableSchema:
        """The inverse of `to_dict`. Raises SchemaError for anything missing, unknown or of the wrong type."""
        try:
            columns = tuple(_column_from(item) for item in cast(Sequence[Mapping[str, Any]], data["columns"]))
            return cls(kind=str(data["kind"]), columns=columns)
        except (KeyError, TypeError, AttributeError) as error:
            raise SchemaError(f"not a table schema: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe: {"kind": str, "columns": [{"key": str, ...}]}."""
        return {"kind": self.kind, "columns": [asdict(column) for column in self.columns]}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.key for column in self.columns)

    @cached_property
    def name_column(self) -> Column:
        return next(column for column in self.columns if column.role == "name")

    @cached_property
    def identifier_column(self) -> Column | None:
        return next((column for column in self.columns if column.role == "identifier"), None)

    def position(self, key: str) -> int:
        """The index of a column in a row. Raises KeyError."""
        if key not in self.keys:
            raise KeyError(key)
        return self.keys.index(key)


def _column_from(item: Mapping[str, Any]) -> Column:
    known = set(Column.__dataclass_fields__)
    unknown = set(item) - known
    if unknown:
        raise SchemaError(f"unknown column property: {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {
        name: str(item[name]) for name in ("key", "label", "role", "pattern", "check") if name in item
    }
    values |= {name: bool(item[name]) for name in ("required", "unique") if name in item}
    values |= {"warn": tuple(map(str, item["warn"]))} if "warn" in item else {}
    return Column(**values)


PRESETS: dict[str, TableSchema] = {
    "bank_branches": TableSchema(
        kind="bank_branches",
        columns=(
            Column(key="name", label="银行名称", role="name", required=True),
            Column(
                key="code",
                label="联行编号",
                role="identifier",
                required=True,
                pattern="[0-9]{12}",
                check="iso7064_mod11_10",
                unique=True,
            ),
            Column(key="clearing_code", label="清算行行号", pattern="[0-9]{12}"),
        ),
    ),
    "own_columns": TableSchema(
        kind="own_columns", columns=(Column(key="name", label="名称", role="name", required=True),)
    ),
}
