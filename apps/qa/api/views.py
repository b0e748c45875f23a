from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.permissions import StatedPermission
from apps.qa import services
from apps.qa.api.serializers import AnswerSerializer, AskSerializer
from apps.qa.models import Question


class AskView(APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"POST": "qa.ask_question"}

    @extend_schema(request=AskSerializer, responses=AnswerSerializer)
    def post(self, request: Request) -> Response:
        """Ask. `outcome` is answered, clarify (the question fits several records: ask back) or not_found."""
        form = AskSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        question = services.ask(given["question"], user=request.user, model_slug=given.get("model"))
        return Response(AnswerSerializer(question).data)


@extend_schema(parameters=[OpenApiParameter("search", description="Word or code in question or answer.")])
class HistoryView(ListAPIView[Question]):
    """One's own questions, newest first."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": "qa.ask_question"}
    serializer_class = AnswerSerializer
    queryset = Question.objects.none()

    def get_queryset(self) -> Any:
        rows = Question.objects.asked_by_person(self.request.user)
        rows = rows.containing(self.request.query_params.get("search", "")[:200])
        return rows.select_related("model", "model_version", "dataset_version").defer(
            "model_version__metrics", "model_version__parameters", "dataset_version__receipt"
        )
