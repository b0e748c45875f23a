"""Which column of a file is which: the proposal, the confirmation; and the schema they are about."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.permissions import StatedPermission
from apps.datasets.api.base import IN_PATH, VIEW, OfDataset
from apps.datasets.api.serializers import DatasetVersionSerializer
from apps.datasets.confirming import can_choose_layout, confirm_layout, current_layout, head_of
from apps.datasets.judging import judge_layout
from apps.datasets.models import DatasetVersion
from apps.datasets.readers.head import TableHead
from apps.datasets.schema_changes import change_schema
from workers.inference.lookup.checks import CHECKS
from workers.inference.lookup.schema import ROLES, RULES

LINES_GIVEN = 20


class LayoutSerializer(serializers.Serializer[Any]):
    sheet = serializers.CharField(help_text="Empty for text.", allow_blank=True)
    encoding = serializers.CharField(allow_blank=True)
    delimiter = serializers.CharField(allow_blank=True)
    rows_above = serializers.IntegerField(help_text="Rows above the data that are not blank: title and header.")
    width = serializers.IntegerField(help_text="Cells of a whole row.")
    columns = serializers.DictField(
        child=serializers.IntegerField(allow_null=True), help_text="Key -> column of the file, from 0, or null."
    )
    found_by = serializers.DictField(child=serializers.CharField(), help_text="header, content, order or people.")
    ignored = serializers.ListField(child=serializers.CharField())
    decided_by = serializers.CharField(help_text="recognised, remembered or confirmed.")


class LineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    cells = serializers.ListField(child=serializers.CharField())


class SheetSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = serializers.IntegerField()
    first_lines = LineSerializer(many=True)


class JudgedColumnSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(source="column.key")
    label = serializers.CharField(source="column.label")  # type: ignore[assignment]
    required = serializers.BooleanField(source="column.required")  # type: ignore[assignment]
    place = serializers.IntegerField(allow_null=True)
    found_by = serializers.CharField()
    rows = serializers.IntegerField(help_text="Rows looked at.")
    filled = serializers.IntegerField()
    fitting = serializers.IntegerField()
    misfit = serializers.CharField()


class ProposalSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    can_be_chosen = serializers.BooleanField()
    layout = LayoutSerializer()
    columns = JudgedColumnSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="Labels of required columns not found.")
    sheets = SheetSerializer(many=True)
    hidden_sheets = serializers.ListField(child=serializers.CharField())


class ChoiceSerializer(serializers.Serializer[Any]):
    sheet = serializers.CharField(required=False, default="", allow_blank=True)
    rows_above = serializers.IntegerField(min_value=0)
    columns = serializers.DictField(child=serializers.IntegerField(allow_null=True))


class SchemaColumnSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Small letters, digits and _.")
    label = serializers.CharField()  # type: ignore[assignment]
    role = serializers.ChoiceField(ROLES, required=False)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]
    pattern = serializers.CharField(required=False, allow_blank=True, help_text="What a whole cell must match.")
    check = serializers.ChoiceField([*CHECKS, ""], required=False, help_text="A check-digit rule.")
    unique = serializers.BooleanField(required=False)
    warn = serializers.ListField(
        child=serializers.ChoiceField(RULES), required=False, help_text="Rules whose breach is a warning only."
    )


class SchemaSerializer(serializers.Serializer[Any]):
    columns = SchemaColumnSerializer(many=True)


class LayoutView(OfDataset, APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW, "POST": "datasets.change_datasetversion"}

    @extend_schema(parameters=[*IN_PATH, OpenApiParameter("sheet", str)], responses=ProposalSerializer)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Return the layout that is proposed or was used, how the first rows fit it, and the first lines themselves."""
        sheet = request.query_params.get("sheet", "")
        return Response(ProposalSerializer(proposal_of(self.get_version(), sheet=sheet)).data)

    @extend_schema(parameters=IN_PATH, request=ChoiceSerializer, responses=DatasetVersionSerializer)
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Confirm or correct the layout; the file is read by it, and files of this kind from now on."""
        form = ChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version = self.get_version()
        confirm_layout(version, form.validated_data, actor=request.user)  # type: ignore[arg-type]
        return Response(DatasetVersionSerializer(version).data)


class SchemaView(OfDataset, APIView):
    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW, "PUT": "datasets.change_dataset"}

    @extend_schema(parameters=IN_PATH[:1], responses=SchemaSerializer)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Return the columns that the next file is read by, and their rules."""
        return Response({"columns": self.get_dataset().table_schema.to_dict()["columns"]})

    @extend_schema(parameters=IN_PATH[:1], request=SchemaSerializer, responses={200: SchemaSerializer})
    def put(self, request: Request, **kwargs: Any) -> Response:
        """Change the columns. Where a version was read already, its file is read again: `version` is the new draft."""
        dataset = self.get_dataset()
        data = request.data if isinstance(request.data, dict) else {}
        version = change_schema(dataset, data, actor=request.user)  # type: ignore[arg-type]
        dataset.refresh_from_db()
        answer = {"columns": dataset.table_schema.to_dict()["columns"], "version": version.number if version else None}
        return Response(answer)


def proposal_of(version: DatasetVersion, *, sheet: str = "") -> dict[str, Any]:
    """Return the fields of ProposalSerializer; raises DomainError("no_head")."""
    head = head_of(version)
    layout = current_layout(version, head, sheet=sheet)
    table = head.table(layout.sheet) or head.tables[0]
    return {
        "status": version.status,
        "can_be_chosen": can_choose_layout(version),
        "layout": layout.to_dict(),
        "columns": judge_layout(table.rows, layout, version.table_schema),
        "missing": layout.missing(version.table_schema),
        "sheets": [
            {"name": table.name, "rows": table.rows_total, "first_lines": _lines(table)} for table in head.tables
        ],
        "hidden_sheets": list(head.hidden),
    }


def _lines(table: TableHead) -> list[dict[str, Any]]:
    lines = zip(table.lines[:LINES_GIVEN], table.rows[:LINES_GIVEN], strict=True)
    return [{"line": line, "cells": list(row)} for line, row in lines]
