from __future__ import annotations

from typing import Any

from django.core.validators import slug_re
from rest_framework import serializers

from apps.datasets.models import DatasetVersion
from apps.registry.base_models import BaseModelChoice
from apps.registry.models import RegisteredModel
from apps.training.models import PRIORITY_MAX, SEED_MAX, TrainingEvent, TrainingJob
from workers.trainers.configs import PRESETS


class JobSerializer(serializers.ModelSerializer[TrainingJob]):
    percent = serializers.IntegerField(read_only=True)
    cancelling = serializers.BooleanField(source="is_cancelling", read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True, allow_null=True)
    model = serializers.SlugRelatedField[RegisteredModel](slug_field="slug", read_only=True)

    class Meta:
        model = TrainingJob
        fields = [
            "id", "name", "kind", "status", "percent", "step", "total_steps", "eta_seconds", "last_loss", "attempt",
            "cancelling", "dataset_version", "model", "model_version", "base_model", "parameters", "seed", "priority",
            "error_code", "error_message", "remedy", "created_by", "created_at", "started_at", "finished_at",
            "heartbeat_at", "last_seq",
        ]  # fmt: skip
        read_only_fields = fields


class ModelBySlug(serializers.SlugRelatedField[RegisteredModel]):
    def to_internal_value(self, data: Any) -> RegisteredModel:
        if not isinstance(data, str) or not slug_re.fullmatch(data):  # no database is asked for what cannot be
            self.fail("does_not_exist", slug_name=self.slug_field, value=str(data))
        return super().to_internal_value(data)


class SubmitSerializer(serializers.Serializer[None]):
    """Which objects may be named depends on who asks: `visible_to` decides, here as everywhere."""

    dataset_version = serializers.PrimaryKeyRelatedField[DatasetVersion](
        queryset=DatasetVersion.objects.none(), help_text="A finalised version."
    )
    preset = serializers.ChoiceField(
        choices=[(name, preset.label) for name, preset in PRESETS.items()],
        required=False,
        help_text="Values to start from; see /jobs/presets.",
    )
    parameters = serializers.DictField(
        required=False, default=dict, help_text="Names and limits: /jobs/presets. What is left out keeps its default."
    )
    seed = serializers.IntegerField(required=False, default=42, min_value=0, max_value=SEED_MAX)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=150)
    base_model = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=400,
        help_text="A `value` of `base_models` of /jobs/presets; blank: the default.",
    )
    priority = serializers.IntegerField(required=False, default=0, min_value=-PRIORITY_MAX, max_value=PRIORITY_MAX)
    model = ModelBySlug(
        slug_field="slug",
        queryset=RegisteredModel.objects.none(),
        required=False,
        help_text="The model whose next version this makes; left out: the dataset's own.",
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        user = self.context["request"].user if "request" in self.context else None
        if user is not None:
            fields["dataset_version"].queryset = DatasetVersion.objects.visible_to(user)  # type: ignore[attr-defined]
            fields["model"].queryset = RegisteredModel.objects.visible_to(user)  # type: ignore[attr-defined]
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        preset = attrs.pop("preset", None)
        if preset:
            attrs["parameters"] = {**PRESETS[preset].values, **attrs["parameters"]}
        return attrs


class EventSerializer(serializers.ModelSerializer[TrainingEvent]):
    at = serializers.DateTimeField(source="created_at", read_only=True)
    payload = serializers.DictField(read_only=True)

    class Meta:
        model = TrainingEvent
        fields = ["seq", "kind", "at", "payload"]
        read_only_fields = fields


class EventPageSerializer(serializers.Serializer[None]):
    cursor = serializers.IntegerField(help_text="Give this as `after` to get what comes next.")
    ended = serializers.BooleanField(help_text="The job has ended and no event is left.")
    events = EventSerializer(many=True)


class PresetSerializer(serializers.Serializer[None]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    help = serializers.CharField()
    values = serializers.DictField()


class ParameterSerializer(serializers.Serializer[None]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    help = serializers.CharField()
    type = serializers.ChoiceField(choices=["integer", "number", "choices"])
    default = serializers.JSONField()
    minimum = serializers.FloatField(allow_null=True)
    minimum_excluded = serializers.BooleanField()
    maximum = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True)


class BaseModelSerializer(serializers.Serializer[BaseModelChoice]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's


class PresetsSerializer(serializers.Serializer[dict[str, Any]]):
    base_models = BaseModelSerializer(many=True)
    presets = PresetSerializer(many=True)
    parameters = ParameterSerializer(many=True)
