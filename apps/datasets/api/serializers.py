from __future__ import annotations

from rest_framework import serializers

from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.uploads import EXTENSIONS
from workers.inference.lookup.schema import PRESETS


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    active_version = serializers.IntegerField(
        source="active_version.number", default=None, read_only=True, allow_null=True, help_text="Its number."
    )
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = Dataset
        fields = ["id", "name", "description", "kind", "schema", "active_version", "created_by", "created_at"]
        read_only_fields = fields


class NewDatasetSerializer(serializers.Serializer[Dataset]):
    name = serializers.CharField(max_length=150)
    preset = serializers.ChoiceField(choices=sorted(PRESETS))
    description = serializers.CharField(required=False, allow_blank=True, default="")


class UploadSerializer(serializers.Serializer[None]):
    file = serializers.FileField(help_text=", ".join(EXTENSIONS), allow_empty_file=True)
    again = serializers.BooleanField(required=False, default=False, help_text="Also a file that is known already.")
    asks_layout = serializers.BooleanField(required=False, default=False, help_text="Ask which column is which.")


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    dataset = serializers.UUIDField(source="dataset_id", read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    progress_text = serializers.CharField(read_only=True)
    error = serializers.CharField(read_only=True, help_text="Why the import failed, as a sentence; else empty.")
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    finalised_by = serializers.CharField(source="finalised_by.username", default=None, read_only=True, allow_null=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "dataset",
            "number",
            "status",
            "is_active",
            "progress",
            "progress_text",
            "rows_total",
            "rows_read",
            "rows_accepted",
            "rows_skipped",
            "warning_count",
            "source_name",
            "source_bytes",
            "source_sha256",
            "content_sha256",
            "indexed_at",
            "receipt",
            "error",
            "created_by",
            "created_at",
            "finalised_by",
            "finalised_at",
        ]
        read_only_fields = fields
