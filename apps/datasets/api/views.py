"""Datasets over the API: create, upload, watch, finalise, activate, preview."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.permissions import StatedPermission
from apps.datasets import services
from apps.datasets.api.serializers import (
    DatasetSerializer,
    DatasetVersionSerializer,
    ImportIssueSerializer,
    NewDatasetSerializer,
    RecordSerializer,
    UploadSerializer,
)
from apps.datasets.models import Dataset, DatasetVersion, ImportIssue, Record
from apps.datasets.presentation import PREVIEW_ROWS

VIEW = "datasets.view_dataset"
IN_PATH = [
    OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The dataset."),
    OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH, description="The version's number."),
]


class DatasetViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Dataset]):
    permission_classes = [StatedPermission]
    required_permissions = {"list": VIEW, "retrieve": VIEW, "create": "datasets.add_dataset"}
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.request.user).select_related("active_version", "created_by")

    @extend_schema(request=NewDatasetSerializer, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        """Make a dataset with the schema of a preset."""
        form = NewDatasetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        dataset = services.create_dataset(actor=request.user, **form.validated_data)  # type: ignore[arg-type]
        return Response(DatasetSerializer(dataset).data, status=201)


class OfDataset:
    """For views below /datasets/{id}/: a dataset the caller does not see is a 404."""

    request: Any
    kwargs: dict[str, Any]

    def granted_row(self) -> Dataset:
        return self.get_dataset()

    def get_dataset(self) -> Dataset:
        dataset: Dataset = get_object_or_404(Dataset.objects.visible_to(self.request.user), pk=self.kwargs["id"])
        return dataset

    def get_version(self) -> DatasetVersion:
        versions = self.get_dataset().versions.select_related("dataset", "created_by", "finalised_by")
        version: DatasetVersion = get_object_or_404(versions, number=self.kwargs["number"])
        return version


class VersionViewSet(OfDataset, ListModelMixin, GenericViewSet[DatasetVersion]):
    permission_classes = [StatedPermission]
    required_permissions = {
        "list": VIEW,
        "retrieve": VIEW,
        "create": "datasets.add_datasetversion",
        "finalise": "datasets.change_datasetversion",
        "activate": "datasets.change_dataset",
    }
    serializer_class = DatasetVersionSerializer
    queryset = DatasetVersion.objects.none()

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        versions = self.get_dataset().versions.select_related("dataset", "created_by", "finalised_by")
        return versions.order_by("-number")

    @extend_schema(parameters=IN_PATH[:1])
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List the versions of a dataset, newest first."""
        return super().list(request, **kwargs)

    @extend_schema(
        parameters=IN_PATH[:1],
        request={"multipart/form-data": UploadSerializer},
        responses={201: DatasetVersionSerializer},
    )
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Upload a file as the next version. The import runs on; watch `status` and `progress`."""
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        version = services.upload_version(
            self.get_dataset(),
            file=file,
            name=file.name,
            actor=request.user,  # type: ignore[arg-type]
        )
        return self._answer(version, status=201)

    @extend_schema(parameters=IN_PATH, responses=DatasetVersionSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Return one version with its progress and, at the end, its receipt."""
        return self._answer(self.get_version())

    @extend_schema(parameters=IN_PATH, request=None, responses=DatasetVersionSerializer)
    def finalise(self, request: Request, **kwargs: Any) -> Response:
        """Make a draft immutable."""
        version = self.get_version()
        services.finalise(version, actor=request.user)  # type: ignore[arg-type]
        return self._answer(version)

    @extend_schema(parameters=IN_PATH, request=None, responses=DatasetVersionSerializer)
    def activate(self, request: Request, **kwargs: Any) -> Response:
        """Make a finalised version the active one."""
        version = self.get_version()
        services.activate(version, actor=request.user)  # type: ignore[arg-type]
        return self._answer(version)

    def get_parsers(self) -> Any:
        is_upload = getattr(self, "action_map", {}).get("post") == "create"
        return [MultiPartParser()] if is_upload else super().get_parsers()

    @staticmethod
    def _answer(version: DatasetVersion, *, status: int = 200) -> Response:
        return Response(DatasetVersionSerializer(version).data, status=status)


class RecordsView(OfDataset, ListAPIView[Record]):
    """Preview: the first 100 accepted rows, in pages."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    serializer_class = RecordSerializer
    queryset = Record.objects.none()

    def get_queryset(self) -> QuerySet[Record]:
        self._version = self.get_version()
        return self._version.records.order_by("line")[:PREVIEW_ROWS]

    def get_serializer_context(self) -> dict[str, Any]:
        version = getattr(self, "_version", None)
        keys = version.table_schema.keys if version else ()
        return {**super().get_serializer_context(), "keys": keys}

    @extend_schema(parameters=IN_PATH)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class IssuesView(OfDataset, ListAPIView[ImportIssue]):
    """What the import found, line by line; per code a limited number is kept, the receipt counts all."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    serializer_class = ImportIssueSerializer
    queryset = ImportIssue.objects.none()

    def get_queryset(self) -> QuerySet[ImportIssue]:
        return self.get_version().issues.order_by("line", "id")

    @extend_schema(parameters=IN_PATH)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
