"""The receipt of an import: what was found, counted by reason, sifted by reason and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from apps.datasets.issues import SEVERITIES, Issue, issues_of, severity_of
from apps.datasets.listings import Listing
from apps.datasets.messages import issue_title
from apps.datasets.models import DatasetVersion


@dataclass(frozen=True)
class Sieve:
    """Which issues of a receipt are wanted: of a code, of a severity ("error", "warning"), with words in them."""

    code: str = ""
    severity: str = ""
    search: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Sieve:
        """Read a sieve from the parameters `code`, `severity` and `search` of an address; nonsense counts as blank."""
        severity = query.get("severity", "")
        return cls(
            code=query.get("code", "")[:40],
            severity=severity if severity in SEVERITIES else "",
            search=query.get("search", "").strip()[:100],
        )

    def as_query(self) -> dict[str, str]:
        return {key: value for key, value in vars(self).items() if value}


@dataclass(frozen=True)
class Reason:
    """Issues of one kind: `count` of them in the receipt."""

    code: str
    severity: str
    count: int

    @property
    def title(self) -> str:
        return issue_title(self.code)


def reasons_of(version: DatasetVersion) -> list[Reason]:
    """Return the kinds of issues of a version, errors before warnings, the most frequent first."""
    frame = issues_of(version).frame
    if "code" not in frame.collect_schema():
        return []
    counted = frame.group_by("code", "is_warning").agg(pl.len())
    ranked = counted.sort("is_warning", "len", "code", descending=[False, True, False]).collect()
    return [Reason(code, severity_of(is_warning=is_warning), count) for code, is_warning, count in ranked.iter_rows()]


def sifted(version: DatasetVersion, sieve: Sieve) -> Listing[Issue]:
    """Return the issues that a sieve lets through, in the order of lines."""
    return issues_of(version, code=sieve.code, severity=sieve.severity, search=sieve.search)
