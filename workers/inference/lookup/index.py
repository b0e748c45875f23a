"""The index of one table: its cells, exact keys and weighted character n-grams, as memory-mapped numpy files.

Nothing is pickled. Opening costs milliseconds and all web processes share the pages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.inference.lookup.ngrams import gram_codes
from workers.inference.lookup.normalise import code_key, normalise
from workers.inference.lookup.reading import Reading, read_name
from workers.inference.lookup.schema import SchemaError, TableSchema
from workers.inference.lookup.vocabulary import vocabulary_for

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
ARRAYS = (
    "cells", "cell_offsets", "row_hashes", "name_keys", "name_rows", "code_keys", "code_rows", "code_columns",
    "organisations", "grams", "gram_offsets", "gram_rows", "gram_weights", "row_weights",
)  # fmt: skip
ORGANISATION_WEIGHT = 4.0
_MOST_POSTINGS = 400_000


class IndexDamaged(RuntimeError):
    """A file of the index is missing, of another format, or not what was written when it was built."""


@dataclass(frozen=True)
class Match:
    """One row of the table. `row_number` counts from 0 in the order of the source; `cells` are the bytes of the row;
    `score` (0 to 1) says how much of question and row agree."""

    row_number: int
    cells: dict[str, str]
    score: float = 1.0


class RecordIndex:
    """Read-only; safe to share between threads."""

    def __init__(self, *, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self.manifest = manifest
        self.schema = TableSchema.from_dict(manifest["schema"])
        self.vocabulary = vocabulary_for(self.schema)
        self.rows = int(manifest["rows"])
        self.organisations = {name: number for number, name in enumerate(manifest["organisations"])}
        self._arrays = arrays
        self._blob = memoryview(arrays["cells"])  # type: ignore[arg-type]
        self._offsets = memoryview(arrays["cell_offsets"])  # type: ignore[arg-type]
        self._name_at = self.schema.position(self.schema.name_column.key)

    @classmethod
    def open(cls, directory: Path) -> RecordIndex:
        """Map the files of `directory`. Raises IndexDamaged; sizes are checked here, contents by `verify_files`."""
        try:
            manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            if manifest.get("format_version") != FORMAT_VERSION:
                raise IndexDamaged(f"index format {manifest.get('format_version')}, expected {FORMAT_VERSION}")
            for name, entry in manifest["files"].items():
                if (directory / name).stat().st_size != entry["bytes"]:
                    raise IndexDamaged(f"{name} has another size than when it was built")
            # The plain view of a mapping: numpy's memmap class makes every small read several times slower.
            arrays = {
                name: np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
                for name in ARRAYS
            }
            return cls(manifest=manifest, arrays=arrays)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SchemaError) as error:
            raise IndexDamaged(f"cannot open the index: {error}") from error

    def row(self, row_number: int, *, score: float = 1.0) -> Match:
        """The cells of a row, copied from the blob and verified. Raises IndexDamaged, IndexError."""
        match = Match(row_number=row_number, cells=self._cells(row_number), score=score)
        self.verify(match)
        return match

    def verify(self, match: Match) -> None:
        """The door: raises IndexDamaged unless every cell is byte for byte what was indexed for this row."""
        if not 0 <= match.row_number < self.rows:
            raise IndexError(match.row_number)
        if tuple(match.cells) != self.schema.keys:
            raise IndexDamaged(f"row {match.row_number} does not have the table's columns")
        if row_hash(list(match.cells.values())) != int(self._arrays["row_hashes"][match.row_number]):
            raise IndexDamaged(f"row {match.row_number} is not what was indexed")

    def name(self, row_number: int) -> str:
        """The cell of the name column, not yet verified."""
        return self._cell(row_number, self._name_at)

    def reading(self, row_number: int) -> Reading:
        """How the name of a row is read."""
        attributes = [normalise(self._cell(row_number, position)) for position in searchable(self.schema)]
        return read_name(normalise(self.name(row_number)), vocabulary=self.vocabulary, attributes=attributes)

    def find_name(self, text: str) -> list[int]:
        """Rows whose whole name is `text` (normalised), in order."""
        rows = self._by_key("name_keys", "name_rows", text)
        return [row for row in rows if normalise(self.name(row)) == text]

    def find_code(self, code: str, *, limit: int = 1000) -> list[tuple[int, int]]:
        """(row, column position) of the cells of code columns whose key is `code`; the identifier's column first."""
        keys = self._arrays["code_keys"]
        start, stop = (int(np.searchsorted(keys, np.uint64(text_hash(code)), side=side)) for side in ("left", "right"))
        rows, columns = (self._arrays[name][start : min(stop, start + limit)] for name in ("code_rows", "code_columns"))
        found = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
        return [(row, column) for row, column in found if code_key(self._cell(row, column)) == code]

    def search(self, text: str, *, organisation: str = "", limit: int = 32) -> list[tuple[int, float]]:
        """(row, score) of the rows nearest to `text` (the core of a reading), best first.

        The score is Tversky's similarity of the weighted n-grams: what the question has and the row lacks counts
        fully, what the row has more counts a tenth. `organisation` adds a fixed weight where the row's agrees.
        """
        arrays = self._arrays
        scores, asked = self._matched(text)
        if organisation:
            asked += ORGANISATION_WEIGHT
            scores += ORGANISATION_WEIGHT * (arrays["organisations"] == self.organisations.get(organisation, -1))
        if not self.rows or asked <= 0 or float(scores.max()) <= 0:
            return []
        found = np.flatnonzero(scores >= 0.5 * scores.max())
        matched = scores[found]
        similarity = matched / (asked + 0.1 * np.maximum(arrays["row_weights"][found] - matched, 0))
        if len(found) > 4 * limit:
            best = np.argpartition(-similarity, 4 * limit)[: 4 * limit]
            found, similarity = found[best], similarity[best]
        order = np.lexsort((found, -similarity.round(6)))[:limit]
        return [(int(found[at]), float(min(similarity[at], 1.0))) for at in order]

    def are_of(self, rows: Sequence[int], organisation: str) -> list[bool]:
        """For each row whether its name begins with this organisation."""
        numbers = self._arrays["organisations"][np.array(rows, dtype=np.int64)]
        return [bool(is_same) for is_same in numbers == self.organisations.get(organisation, -1)]

    def verify_files(self, directory: Path) -> None:
        """Compare the SHA-256 of every file with the manifest. Raises IndexDamaged. About 0.1 s for 150,000 rows."""
        for name, entry in self.manifest["files"].items():
            if hashlib.sha256((directory / name).read_bytes()).hexdigest() != entry["sha256"]:
                raise IndexDamaged(f"{name} is not the file that was built")

    def _matched(self, text: str) -> tuple[NDArray[np.float64], float]:
        """Per row the weight of the n-grams it shares with `text`, and the weight of all n-grams of `text`."""
        arrays = self._arrays
        codes = np.unique(gram_codes([text])[0])
        grams = arrays["grams"]
        at = np.searchsorted(grams, codes)
        known = at[(at < len(grams)) & (grams[np.minimum(at, len(grams) - 1)] == codes)] if len(grams) else at[:0]
        weights = arrays["gram_weights"][known]
        unknown = (len(codes) - len(known)) * float(np.log1p(self.rows))
        starts, stops = arrays["gram_offsets"][known], arrays["gram_offsets"][known + 1]
        kept = _rarest(starts, stops)
        if not len(kept):
            return np.zeros(self.rows), float(weights.sum()) + unknown
        postings = np.concatenate([arrays["gram_rows"][starts[i] : stops[i]] for i in kept])
        shares = np.repeat(weights[kept], (stops - starts)[kept])
        matched: NDArray[np.float64] = np.bincount(postings, weights=shares, minlength=self.rows).astype(
            np.float64, copy=False
        )
        return matched, float(weights[kept].sum()) + unknown

    def _by_key(self, keys: str, rows: str, text: str) -> list[int]:
        wanted = np.uint64(text_hash(text))
        start = int(np.searchsorted(self._arrays[keys], wanted, side="left"))
        stop = int(np.searchsorted(self._arrays[keys], wanted, side="right"))
        return [int(row) for row in self._arrays[rows][start:stop]]

    def _cells(self, row_number: int) -> dict[str, str]:
        return {key: self._cell(row_number, position) for position, key in enumerate(self.schema.keys)}

    def _cell(self, row_number: int, position: int) -> str:
        at = row_number * len(self.schema.columns) + position
        try:
            return str(self._blob[self._offsets[at] : self._offsets[at + 1]], "utf-8")
        except UnicodeDecodeError as error:
            raise IndexDamaged(f"row {row_number} is not text") from error


def _rarest(starts: NDArray[Any], stops: NDArray[Any]) -> NDArray[Any]:
    """The n-grams to look at, rarest first, until enough postings are read: the commonest tell rows apart least."""
    lengths = stops - starts
    order = np.argsort(lengths, kind="stable")
    return order[np.cumsum(lengths[order]) <= max(_MOST_POSTINGS, int(lengths.min(initial=0)))]


def searchable(schema: TableSchema) -> list[int]:
    """Positions of the columns that describe a row in words: role other, and no pattern that makes them codes."""
    return [at for at, column in enumerate(schema.columns) if column.role == "other" and not column.pattern]


def code_columns(schema: TableSchema) -> list[int]:
    """Positions of the columns that can be looked up by their whole cell, the identifier first."""
    others = [at for at, column in enumerate(schema.columns) if column.role == "other" and column.pattern]
    return [at for at, column in enumerate(schema.columns) if column.role == "identifier"] + others


def text_hash(text: str) -> int:
    """A stable 64-bit hash; a hit is always compared with the text itself."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def row_hash(cells: list[str]) -> int:
    """64 bits over the cells and their borders."""
    return text_hash("".join(f"{len(cell)}:{cell}" for cell in cells))
