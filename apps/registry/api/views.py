from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.permissions import StatedPermission
from apps.registry import services
from apps.registry.api.serializers import (
    ActivateSerializer,
    ModelVersionSerializer,
    RegisteredModelSerializer,
    TestAnswerSerializer,
    TestSerializer,
)
from apps.registry.models import ModelVersion, RegisteredModel


class ModelViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[RegisteredModel]):
    permission_classes = [StatedPermission]
    required_permissions = {
        "list": "registry.view_registeredmodel",
        "retrieve": "registry.view_registeredmodel",
        "versions": "registry.view_registeredmodel",
        "activate": "registry.change_registeredmodel",
        "rollback": "registry.change_registeredmodel",
        "test": "registry.view_registeredmodel",
    }
    serializer_class = RegisteredModelSerializer
    queryset = RegisteredModel.objects.none()
    lookup_field = "slug"

    def granted_row(self) -> RegisteredModel:
        return self.get_object()

    def get_queryset(self) -> Any:
        return RegisteredModel.objects.visible_to(self.request.user).select_related("active_version")

    @extend_schema(responses=ModelVersionSerializer(many=True))
    def versions(self, request: Request, slug: str) -> Response:
        """The model's versions, newest first."""
        rows = ModelVersion.objects.visible_to(request.user).filter(model=self.get_object())
        page = self.paginate_queryset(rows.select_related("model", "dataset_version", "created_by").order_by("-number"))
        return self.get_paginated_response(ModelVersionSerializer(page, many=True).data)

    @extend_schema(request=ActivateSerializer, responses=RegisteredModelSerializer)
    def activate(self, request: Request, slug: str) -> Response:
        """Let a version answer from the next question on."""
        form = ActivateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version = self._version(form.validated_data["version"])
        return Response(RegisteredModelSerializer(services.activate(version, actor=request.user)).data)

    @extend_schema(request=None, responses=RegisteredModelSerializer)
    def rollback(self, request: Request, slug: str) -> Response:
        """Return to the version that answered before."""
        return Response(RegisteredModelSerializer(services.roll_back(self.get_object(), actor=request.user)).data)

    @extend_schema(request=TestSerializer, responses=TestAnswerSerializer)
    def test(self, request: Request, slug: str) -> Response:
        """Answer with any version, active or not, without touching anybody's history."""
        form = TestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        number = form.validated_data.get("version")
        asked = {"version": self._version(number)} if number else {"model": self.get_object()}
        answer = services.answer(form.validated_data["question"], **asked)
        return Response(TestAnswerSerializer(answer).data)

    def _version(self, number: int) -> ModelVersion:
        rows = ModelVersion.objects.visible_to(self.request.user)
        version: ModelVersion = get_object_or_404(rows, model=self.get_object(), number=number)
        return version
