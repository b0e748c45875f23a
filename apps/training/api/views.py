"""Training jobs over the API: submit, watch, cancel."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.core.permissions import StatedPermission
from apps.registry import base_models
from apps.training import services
from apps.training.api.serializers import (
    EventPageSerializer,
    EventSerializer,
    JobSerializer,
    PresetsSerializer,
    SubmitSerializer,
)
from apps.training.models import JobStatus, TrainingEvent, TrainingJob
from apps.training.parameters import parameters, presets
from apps.training.snapshots import PAGE

VIEW = "training.view_trainingjob"
AFTER = OpenApiParameter("after", OpenApiTypes.INT, description="Only events with a higher number.")
STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=JobStatus.values, description="Only jobs of this status.")


class JobViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[TrainingJob]):
    permission_classes = [StatedPermission]
    required_permissions = {
        "list": VIEW,
        "retrieve": VIEW,
        "create": "training.add_trainingjob",
        "cancel": "training.change_trainingjob",
        "events": VIEW,
    }
    serializer_class = JobSerializer
    queryset = TrainingJob.objects.none()
    lookup_field = "id"

    def granted_row(self) -> TrainingJob:
        return self.get_object()

    def get_queryset(self) -> Any:
        return TrainingJob.objects.visible_to(self.request.user).select_related("created_by", "model")

    @extend_schema(parameters=[STATUS])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the jobs, newest first."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        status = self.request.query_params.get("status")
        if not status or self.action != "list":
            return queryset
        if status not in JobStatus.values:
            raise ValidationError({"status": [_("One of: %(known)s.") % {"known": ", ".join(JobStatus.values)}]})
        return queryset.filter(status=status)

    @extend_schema(request=SubmitSerializer, responses={201: JobSerializer})
    def create(self, request: Request) -> Response:
        """Put a job in the queue. It starts as soon as a slot is free."""
        form = SubmitSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        job = services.submit_job(actor=request.user, **form.validated_data)
        return Response(JobSerializer(job).data, status=201)

    @extend_schema(request=None, responses=JobSerializer)
    def cancel(self, request: Request, id: Any) -> Response:  # noqa: A002  (the name in the address)
        """Cancel: at once while the job waits, at its next step while it runs. Watch `status`."""
        job = services.request_cancel(self.get_object(), actor=request.user)
        return Response(JobSerializer(job).data)

    @extend_schema(parameters=[AFTER], responses=EventPageSerializer)
    def events(self, request: Request, id: Any) -> Response:  # noqa: A002
        """Return the next events after the cursor, 500 at most, in order, none left out."""
        job = self.get_object()
        after = _cursor(request.query_params.get("after", "0"))
        page = list(TrainingEvent.objects.filter(job=job).after(after)[:PAGE])
        cursor = page[-1].seq if page else after
        body = {"cursor": cursor, "ended": job.has_ended and cursor >= job.last_seq}
        return Response({**body, "events": EventSerializer(page, many=True).data})


class PresetsView(APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}

    @extend_schema(responses=PresetsSerializer)
    def get(self, request: Request) -> Response:
        """Return the base models on offer, the default first, the presets, and every parameter with its limits."""
        offer = {"base_models": base_models.available(), "presets": presets(), "parameters": parameters()}
        return Response(PresetsSerializer(offer).data)


def _cursor(given: str) -> int:
    if not given.isdecimal() or len(given) > 9:
        raise ValidationError({"after": [_("A whole number from 0.")]})
    return int(given)
