from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.qa.models import Question
from apps.registry import presentation


class AskSerializer(serializers.Serializer[None]):
    question = serializers.CharField(allow_blank=True, help_text="At most 2,000 characters.")
    model = serializers.SlugField(required=False, help_text="Slug of a model; may be left out when one is active.")


class VersionSerializer(serializers.Serializer[None]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()


class DataVersionSerializer(VersionSerializer):
    sha256 = serializers.CharField(source="content_sha256", help_text="SHA-256 of the rows that were searched.")


class AnswerSerializer(serializers.ModelSerializer[Question]):
    question = serializers.CharField(source="text")
    records = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)),
        help_text="Rows of the dataset, column key -> cell, byte for byte as in the file.",
    )
    nearest = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)),
        help_text="Rows that look alike and are not the answer.",
    )
    evidence = serializers.SerializerMethodField(help_text="How the answer came about; `sentences` are for people.")
    model = serializers.CharField(source="model.slug", help_text="Slug of the model.")
    model_version = VersionSerializer()
    dataset_version = DataVersionSerializer()

    class Meta:
        model = Question
        fields = [
            "id",
            "question",
            "outcome",
            "field",
            "records",
            "nearest",
            "clarify_question",
            "evidence",
            "decided_by",
            "model",
            "model_version",
            "dataset_version",
            "latency_ms",
            "created_at",
        ]
        read_only_fields = fields

    def get_evidence(self, question: Question) -> dict[str, Any]:
        return {**question.evidence, "sentences": presentation.reasons(question.evidence)}
