"""Uploads in pieces: announce, send, ask how far, complete, abort. An upload is seen by its maker alone."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.parsers import ShallowJSONParser
from apps.core.permissions import StatedPermission
from apps.datasets import resumable
from apps.datasets.api.base import IN_PATH, OfDataset
from apps.datasets.api.serializers import DatasetVersionSerializer
from apps.datasets.models import Upload

ADD = "datasets.add_datasetversion"
UPLOAD_IN_PATH = [
    IN_PATH[0],
    OpenApiParameter("upload", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The upload."),
]


class NewUploadSerializer(serializers.Serializer[Upload]):
    name = serializers.CharField(max_length=400, help_text="The file's name with its extension.")
    size = serializers.IntegerField(min_value=0, help_text="Bytes of the whole file.")
    sha256 = serializers.RegexField(
        "^[0-9A-Fa-f]{64}$", required=False, default="", help_text="Of the whole file; then it is checked at the end."
    )
    head = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        help_text="Any hash of the beginning of the file: finds an upload of the same file that was cut off.",
    )
    again = serializers.BooleanField(required=False, default=False, help_text="Also a file that is known already.")


class CompleteSerializer(serializers.Serializer[Upload]):
    sha256 = NewUploadSerializer().fields["sha256"]
    again = serializers.BooleanField(required=False, default=False, help_text="Also a file that is known already.")
    asks_layout = serializers.BooleanField(required=False, default=False, help_text="Ask which column is which.")


class UploadStateSerializer(serializers.ModelSerializer[Upload]):
    class Meta:
        model = Upload
        fields = ["id", "name", "size", "received", "expires_at", "created_at"]
        read_only_fields = fields


class OctetStream(BaseParser):
    """Hands the body over unread: a piece goes straight to the disk."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream


class UploadsView(OfDataset, APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"POST": ADD}

    @extend_schema(parameters=IN_PATH[:1], request=NewUploadSerializer, responses={201: UploadStateSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Announce a file; where the same one was cut off before, its upload comes back and goes on (200)."""
        form = NewUploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        upload = resumable.start_upload(self.get_dataset(), actor=self.request.user, **form.validated_data)
        return Response(UploadStateSerializer(upload).data, status=200 if upload.received else 201)


class OneUploadView(OfDataset, APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"GET": ADD, "PUT": ADD, "DELETE": ADD}
    parser_classes = [OctetStream]

    def get_upload(self) -> Upload:
        own = Upload.objects.visible_to(self.request.user).filter(dataset=self.get_dataset())
        upload: Upload = get_object_or_404(own.select_related("dataset"), pk=self.kwargs["upload"])
        return upload

    @extend_schema(parameters=UPLOAD_IN_PATH, responses=UploadStateSerializer)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Say how far the upload is."""
        return Response(UploadStateSerializer(self.get_upload()).data)

    @extend_schema(
        parameters=[*UPLOAD_IN_PATH, OpenApiParameter("offset", OpenApiTypes.INT, required=True)],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=UploadStateSerializer,
    )
    def put(self, request: Request, **kwargs: Any) -> Response:
        """Append a piece at `offset` (its length is the request's); 409 `wrong_offset` says where it goes on."""
        upload = self.get_upload()
        offset = serializers.IntegerField(min_value=0).run_validation(request.query_params.get("offset"))
        length = request.META.get("CONTENT_LENGTH") or ""
        upload = resumable.append_piece(
            upload,
            offset=offset,
            length=int(length) if length.isdecimal() else None,
            body=request.data,
        )
        return Response(UploadStateSerializer(upload).data)

    @extend_schema(parameters=UPLOAD_IN_PATH, responses={204: None})
    def delete(self, request: Request, **kwargs: Any) -> Response:
        """Give the upload up; what has arrived is removed."""
        resumable.abort_upload(self.get_upload())
        return Response(status=204)


class CompleteUploadView(OneUploadView):
    required_permissions = {"POST": ADD}
    http_method_names = ["post", "options"]
    parser_classes = [ShallowJSONParser]

    @extend_schema(parameters=UPLOAD_IN_PATH, request=CompleteSerializer, responses={201: DatasetVersionSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Make the received file the next version. 409 `same_file` names the version that was made of it before."""
        form = CompleteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version = resumable.complete_upload(self.get_upload(), actor=self.request.user, **form.validated_data)
        return Response(DatasetVersionSerializer(version).data, status=201)
