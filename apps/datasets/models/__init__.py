"""Datasets, their versions, and what an import has found. Import models from here, never from the modules inside."""

from apps.datasets.models.issues import CELL_LENGTH_MAX, VALUE_LENGTH_MAX, ImportIssue, Record
from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import ATTEMPTS_MAX, KIND_LABELS, KINDS, Dataset, DatasetVersion

__all__ = [
    "ATTEMPTS_MAX",
    "CELL_LENGTH_MAX",
    "KINDS",
    "KIND_LABELS",
    "VALUE_LENGTH_MAX",
    "Dataset",
    "DatasetVersion",
    "ImportIssue",
    "Record",
    "Upload",
]
