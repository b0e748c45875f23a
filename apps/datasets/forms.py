from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from apps.core.words import listed
from apps.datasets.models import Dataset
from apps.datasets.uploads import EXTENSIONS
from workers.inference.lookup.schema import PRESETS

PRESET_LABELS: dict[str, Any] = {
    "bank_branches": _("bank branch directory"),
    "own_columns": _("columns of your own"),
}


def preset_choices() -> list[tuple[str, str]]:
    """Return (preset, what people read: its label and columns)."""
    return [
        (key, f"{PRESET_LABELS.get(key, key)} ({listed(column.label for column in schema.columns)})")
        for key, schema in PRESETS.items()
    ]


class NewDatasetForm(forms.ModelForm):  # type: ignore[type-arg]
    preset = forms.ChoiceField(
        label=_("Template"),
        choices=preset_choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Says which columns the table has and what its cells must look like."),
    )

    class Meta:
        model = Dataset
        fields = ["name", "description"]

    def clean(self) -> dict[str, Any] | None:
        if preset := self.cleaned_data.get("preset"):
            self.instance.schema = PRESETS[preset].to_dict()  # the model's own clean() looks at it next
        return super().clean()


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(EXTENSIONS)}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "A workbook (XLSX, XLS) or a text table (CSV, TSV, TXT, UNL), at most %(limit)s."
        ) % {"limit": filesizeformat(settings.UPLOAD_BYTES_MAX)}
