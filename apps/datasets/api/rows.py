"""The rows of a version, what its import found, and what is different from another version: in pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.permissions import StatedPermission
from apps.core.workbooks import CONTENT_TYPE as WORKBOOK
from apps.datasets.api.base import IN_PATH, VIEW, OfDataset
from apps.datasets.diffing import KINDS, Change, compare, usual_base
from apps.datasets.downloads import file_of
from apps.datasets.exporting import CSV, export_issues
from apps.datasets.issues import SEVERITIES, Issue
from apps.datasets.listings import Listing
from apps.datasets.receipts import Sieve, sifted
from apps.datasets.rows import Row, rows_of

SIEVE = [
    OpenApiParameter("code", OpenApiTypes.STR, description="Only issues of this kind."),
    OpenApiParameter("severity", OpenApiTypes.STR, enum=list(SEVERITIES)),
    OpenApiParameter("search", OpenApiTypes.STR, description="Only issues with this in column or value, or this line."),
]
SEARCH = OpenApiParameter("search", OpenApiTypes.STR, description="Only rows that hold this in some cell.")


class RowSerializer(serializers.Serializer[Row]):
    line = serializers.IntegerField(help_text="Of the file as uploaded, counted from 1.")
    cells = serializers.SerializerMethodField(help_text="Column key -> cell.")

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_cells(self, row: Row) -> dict[str, str]:
        return dict(zip(self.context["keys"], row.cells, strict=True))


class IssueSerializer(serializers.Serializer[Issue]):
    line = serializers.IntegerField()
    severity = serializers.ChoiceField(list(SEVERITIES))
    code = serializers.CharField()
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField(source="message.sentence")
    remedy = serializers.CharField(source="message.remedy")


class ChangeSerializer(serializers.Serializer[Change]):
    kind = serializers.ChoiceField(KINDS)
    old_line = serializers.IntegerField(allow_null=True)
    new_line = serializers.IntegerField(allow_null=True)
    old = serializers.SerializerMethodField(help_text="Column key -> cell before; null where the row was added.")
    new = serializers.SerializerMethodField(help_text="Column key -> cell now; null where the row was removed.")

    @extend_schema_field(serializers.DictField(child=serializers.CharField(), allow_null=True))
    def get_old(self, change: Change) -> dict[str, str | None] | None:
        return self._side(change, 0) if change.old_line is not None else None

    @extend_schema_field(serializers.DictField(child=serializers.CharField(), allow_null=True))
    def get_new(self, change: Change) -> dict[str, str | None] | None:
        return self._side(change, 1) if change.new_line is not None else None

    def _side(self, change: Change, at: int) -> dict[str, str | None]:
        return {key: pair[at] for key, pair in zip(self.context["keys"], change.pairs, strict=True)}


class DifferenceQuerySerializer(serializers.Serializer[Change]):
    base = serializers.IntegerField(required=False, help_text="Number of the older version; the active one otherwise.")
    kind = serializers.ChoiceField(KINDS, required=False, default="")
    column = serializers.CharField(required=False, default="", help_text="A key: only rows changed in this column.")
    search = serializers.CharField(required=False, default="", help_text="Only rows that hold this in some cell.")


class RecordsView(OfDataset, ListAPIView[Any]):
    """The accepted rows of a version."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    serializer_class = RowSerializer

    def get_queryset(self) -> Listing[Row]:  # type: ignore[override]
        version = self.get_version()
        self.keys = version.table_schema.keys
        return rows_of(version, search=self.request.query_params.get("search", ""))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "keys": getattr(self, "keys", ())}

    @extend_schema(parameters=[*IN_PATH, SEARCH])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class IssuesView(OfDataset, ListAPIView[Any]):
    """What the import found, line by line: every row that was skipped and every warning."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    serializer_class = IssueSerializer

    def get_queryset(self) -> Listing[Issue]:  # type: ignore[override]
        return sifted(self.get_version(), Sieve.from_query(self.request.query_params))

    @extend_schema(parameters=[*IN_PATH, *SIEVE])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


FILE_KINDS = ["text/csv", WORKBOOK]


class IssuesFileView(OfDataset, APIView):
    """The same as a file: CSV (UTF-8 with a mark) or XLSX (text cells)."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    form = CSV

    @extend_schema(parameters=[*IN_PATH, *SIEVE], responses={(200, kind): OpenApiTypes.BINARY for kind in FILE_KINDS})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sieve = Sieve.from_query(request.query_params)
        table = export_issues(self.get_version(), sieve, form=self.form, actor=request.user)  # type: ignore[arg-type]
        return file_of(table, form=self.form)


class DifferenceView(OfDataset, ListAPIView[Any]):
    """What is different between a version and another one, `base`: the older one of the two."""

    permission_classes = [StatedPermission]
    required_permissions = {"GET": VIEW}
    serializer_class = ChangeSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "keys": getattr(self, "keys", ())}

    def get_queryset(self) -> Listing[Change]:  # type: ignore[override]
        query = DifferenceQuerySerializer(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        base_number = wanted.pop("base", None)
        version = self.get_version()
        base = usual_base(version) if base_number is None else self.get_version(base_number)
        if base is None:
            raise Http404
        self.comparison = compare(base, version)
        self.keys = tuple(column.key for column in self.comparison.columns)
        if wanted["column"] not in ("", *self.keys):
            raise serializers.ValidationError({"column": [_("Both versions must have this column.")]})
        return self.comparison.changes(**wanted)

    @extend_schema(parameters=[*IN_PATH, DifferenceQuerySerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the differences in pages; `summary` counts all of them, whatever is asked for."""
        answer = super().get(request, *args, **kwargs)
        comparison = self.comparison
        answer.data["summary"] = {
            "base": comparison.old.number,
            **comparison.counts,
            "only_base_columns": comparison.only_old,
            "only_new_columns": comparison.only_new,
        }
        return answer
