from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from apps.registry import presentation
from apps.registry.answers import Answer
from apps.registry.models import ModelVersion, RegisteredModel


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    is_active = serializers.BooleanField(read_only=True)
    dataset_version = serializers.SerializerMethodField()
    created_by: serializers.StringRelatedField[ModelVersion] = serializers.StringRelatedField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "number",
            "is_active",
            "base_model",
            "dataset_version",
            "adapter_sha256",
            "parameters",
            "metrics",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    def get_dataset_version(self, version: ModelVersion) -> dict[str, Any]:
        data = version.dataset_version
        return {"id": str(data.pk), "number": data.number, "sha256": data.content_sha256}


class RegisteredModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    active_version = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = ["id", "slug", "name", "kind", "dataset", "active_version", "created_at"]
        read_only_fields = fields

    def get_active_version(self, model: RegisteredModel) -> dict[str, Any] | None:
        version = model.active_version
        return {"id": str(version.pk), "number": version.number} if version else None


class ActivateSerializer(serializers.Serializer[None]):
    version = serializers.IntegerField(min_value=1, help_text="The number of the version.")


class TestSerializer(serializers.Serializer[None]):
    question = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The number of the version; the active one where it is left out."
    )


class TestAnswerSerializer(serializers.Serializer[Answer]):
    """An answer that nobody's history keeps."""

    outcome = serializers.CharField()
    field = serializers.CharField()
    records = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    nearest = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    clarify_question = serializers.CharField()
    evidence = serializers.DictField()
    decided_by = serializers.CharField()
    latency_ms = serializers.FloatField()
    model_version = serializers.IntegerField(source="model_version.number")
    dataset_version = serializers.IntegerField(source="dataset_version.number")

    def to_representation(self, answer: Answer) -> dict[str, Any]:
        shown = super().to_representation(answer)
        evidence = {**answer.evidence, "sentences": presentation.reasons(answer.evidence)}
        question_back = gettext(answer.clarify_question) if answer.clarify_question else ""
        return {**shown, "evidence": evidence, "clarify_question": question_back}
