"""Datasets, their versions and uploads. Import models from here, never from the modules inside."""

from apps.datasets.models.uploads import Upload
from apps.datasets.models.versions import ATTEMPTS_MAX, KIND_LABELS, KINDS, Dataset, DatasetVersion

__all__ = [
    "ATTEMPTS_MAX",
    "KINDS",
    "KIND_LABELS",
    "Dataset",
    "DatasetVersion",
    "Upload",
]
