from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
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
    evidence = serializers.DictField(help_text="How the answer came about; `sentences` are for people.")
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

    def to_representation(self, question: Question) -> dict[str, Any]:
        """Written out: the fields above are for the API documentation, walking them costs a seventh of a request."""
        model_version, data = question.model_version, question.dataset_version
        return {
            "id": question.pk,
            "question": question.text,
            "outcome": question.outcome,
            "field": question.field,
            "records": question.records,
            "nearest": question.nearest,
            "clarify_question": gettext(question.clarify_question) if question.clarify_question else "",
            "evidence": {**question.evidence, "sentences": presentation.reasons(question.evidence)},
            "decided_by": question.decided_by,
            "model": question.model.slug,
            "model_version": {"id": model_version.pk, "number": model_version.number},
            "dataset_version": {"id": data.pk, "number": data.number, "sha256": data.content_sha256},
            "latency_ms": question.latency_ms,
            "created_at": question.created_at,
        }
