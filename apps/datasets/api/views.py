"""Datasets and their versions over the API: every verb of theirs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.permissions import StatedPermission
from apps.datasets import removal, restoring, services
from apps.datasets.api.base import IN_PATH, VIEW, OfDataset
from apps.datasets.api.serializers import (
    DatasetSerializer,
    DatasetVersionSerializer,
    NewDatasetSerializer,
    UploadSerializer,
)
from apps.datasets.models import Dataset, DatasetVersion


class DatasetViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Dataset]):
    permission_classes = [StatedPermission]
    required_permissions = {
        "list": VIEW,
        "retrieve": VIEW,
        "create": "datasets.add_dataset",
        "destroy": "datasets.delete_dataset",
    }
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.request.user).select_related("active_version", "created_by")

    def granted_row(self) -> Dataset:
        dataset: Dataset = get_object_or_404(Dataset.objects.visible_to(self.request.user), pk=self.kwargs["id"])
        return dataset

    @extend_schema(request=NewDatasetSerializer, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        """Make a dataset with the schema of a preset."""
        form = NewDatasetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        dataset = services.create_dataset(actor=request.user, **form.validated_data)  # type: ignore[arg-type]
        return Response(DatasetSerializer(dataset).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete a dataset with its drafts; 409 `has_finalised` while one of its versions is finalised."""
        removal.delete_dataset(self.granted_row(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)


class VersionViewSet(OfDataset, ListModelMixin, GenericViewSet[DatasetVersion]):
    permission_classes = [StatedPermission]
    required_permissions = {
        "list": VIEW,
        "retrieve": VIEW,
        "create": "datasets.add_datasetversion",
        "destroy": "datasets.delete_datasetversion",
        "finalise": "datasets.change_datasetversion",
        "cancel": "datasets.change_datasetversion",
        "import_again": "datasets.change_datasetversion",
        "activate": "datasets.change_dataset",
        "restore": "datasets.change_dataset",
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
        """Upload a file as the next version. The import runs on; watch `status` and `progress`.

        409 `same_file` names the version that was made of the same file before; `again=true` imports it anyway.
        """
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data.pop("file")
        version = services.upload_version(
            self.get_dataset(),
            file=file,
            name=file.name,
            actor=request.user,  # type: ignore[arg-type]
            **form.validated_data,
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

    @extend_schema(parameters=IN_PATH, request=None, responses=DatasetVersionSerializer)
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Stop an import that waits, runs, or waits for columns to be confirmed; it can be imported again."""
        version = self.get_version()
        services.cancel_import(version, actor=request.user)  # type: ignore[arg-type]
        return self._answer(version)

    @extend_schema(parameters=IN_PATH, request=None, responses=DatasetVersionSerializer)
    def import_again(self, request: Request, **kwargs: Any) -> Response:
        """Import a failed or cancelled version once more."""
        version = self.get_version()
        services.import_again(version, actor=request.user)  # type: ignore[arg-type]
        return self._answer(version)

    @extend_schema(parameters=IN_PATH, request=None, responses={201: DatasetVersionSerializer})
    def restore(self, request: Request, **kwargs: Any) -> Response:
        """Make the next version with the content of this finalised one, finalised and active at once."""
        restored = restoring.restore(self.get_version(), actor=request.user)  # type: ignore[arg-type]
        return self._answer(restored, status=201)

    @extend_schema(parameters=IN_PATH, responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Delete a version that is not finalised, with its file and its receipt; a running import of it stops."""
        removal.delete_version(self.get_version(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    def get_parsers(self) -> Any:
        is_upload = getattr(self, "action_map", {}).get("post") == "create"
        return [MultiPartParser()] if is_upload else super().get_parsers()

    @staticmethod
    def _answer(version: DatasetVersion, *, status: int = 200) -> Response:
        return Response(DatasetVersionSerializer(version).data, status=status)
