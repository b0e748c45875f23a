"""The form that orders a training: one field per parameter, made from the dataclass that the trainer itself checks."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.datasets.models import DatasetVersion
from apps.registry import base_models
from apps.training.models import TrainingJob, default_base_model, not_offered
from workers.trainers.configs import PRESETS, LoraParameters, ParameterErrors, validate_parameters

FIRST_PRESET = "demo"


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, version: DatasetVersion) -> str:
        rows = ngettext("%(count)s row", "%(count)s rows", version.rows_accepted) % {
            "count": f"{version.rows_accepted:,}"
        }
        return f"{version} · {rows}"


class BaseSubmitForm(forms.ModelForm):  # type: ignore[type-arg]
    """`user` is set on the class by the admin: what may be chosen depends on who looks."""

    user: Any = None

    dataset_version = VersionChoice(
        label=_("Dataset version"),
        queryset=DatasetVersion.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Only finalised versions can be trained on: what a model learnt from must not change later."),
    )
    base_model = forms.ChoiceField(
        label=_("Base model"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Which ones can be chosen is decided by the setting BASE_MODELS."),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=150,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Left empty, it is named after its data."),
    )
    preset = forms.ChoiceField(
        label=_("Preset"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Fills in the fields below; each can still be changed."),
    )

    class Meta:
        model = TrainingJob
        fields = ["name", "dataset_version", "base_model", "seed", "priority"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = DatasetVersion.objects.visible_to(self.user).finalised().select_related("dataset")
        self.fields["dataset_version"].queryset = versions.order_by("-finalised_at")  # type: ignore[attr-defined]
        self.fields["dataset_version"].initial = versions.order_by("-finalised_at").first()
        bases: Any = self.fields["base_model"]
        bases.choices = [(base.value, base.label) for base in base_models.available()]
        bases.initial = default_base_model()
        bases.error_messages["invalid_choice"] = not_offered()
        own = ("", _("My own values"))
        self.fields["preset"].choices = [(key, gettext(preset.label)) for key, preset in PRESETS.items()] + [own]  # type: ignore[attr-defined]
        self.fields["preset"].initial = FIRST_PRESET
        for name, value in PRESETS[FIRST_PRESET].values.items():
            self.fields[name].initial = value

    @property
    def parameters(self) -> dict[str, Any]:
        names = [item.name for item in fields(LoraParameters)]
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        try:
            self.instance.parameters = asdict(validate_parameters(self.parameters))
        except ParameterErrors as problem:
            for name, sentence in problem.translated(gettext).items():
                self.add_error(name, sentence)
        return cleaned


def _form_field(item: Any) -> forms.Field:
    """Return the form field of one parameter: label, help and limits are those of the dataclass."""
    told = item.metadata
    label, help_text = told["label"], told["help"]
    shared = {"label": _(label), "help_text": _(help_text), "initial": item.default}
    if "choices" in told:
        choices = [(name, name) for name in told["choices"]]
        return forms.MultipleChoiceField(choices=choices, widget=UnfoldAdminCheckboxSelectMultipleWidget, **shared)
    limits = {"min_value": told["min"], "max_value": told["max"]}
    if isinstance(item.default, int):
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **limits, **shared)
    widget = UnfoldAdminIntegerFieldWidget(attrs={"step": "any"})
    return forms.FloatField(widget=widget, **limits, **shared)


SubmitForm = type("SubmitForm", (BaseSubmitForm,), {item.name: _form_field(item) for item in fields(LoraParameters)})

FIELDSETS = [
    (_("What to learn from"), {"fields": ["dataset_version", "base_model", ("name", "priority")]}),
    (_("Preset"), {"fields": ["preset"]}),
    (
        _("Learning"),
        {
            "fields": [
                ("learning_rate", "num_train_epochs", "warmup_ratio"),
                ("per_device_train_batch_size", "gradient_accumulation_steps", "max_length"),
                ("train_examples", "evaluation_examples", "seed"),
            ]
        },
    ),
    (_("Adapter"), {"fields": [("r", "lora_alpha", "lora_dropout"), "target_modules"]}),
]
