"""What views below /datasets/{id}/ share: which dataset, which version; one that the caller does not see is a 404."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from apps.datasets.models import Dataset, DatasetVersion

VIEW = "datasets.view_dataset"
IN_PATH = [
    OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The dataset."),
    OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH, description="The version's number."),
]


class OfDataset:
    request: Any
    kwargs: dict[str, Any]

    def granted_row(self) -> Dataset:
        return self.get_dataset()

    def get_dataset(self) -> Dataset:
        dataset: Dataset = get_object_or_404(Dataset.objects.visible_to(self.request.user), pk=self.kwargs["id"])
        return dataset

    def get_version(self, number: int | None = None) -> DatasetVersion:
        """Return the version of the address, or the one with `number`."""
        versions = self.get_dataset().versions.select_related("dataset", "created_by", "finalised_by")
        wanted = self.kwargs["number"] if number is None else number
        version: DatasetVersion = get_object_or_404(versions, number=wanted)
        return version
