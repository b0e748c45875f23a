"""The form of a schema: one part for every column, with plain words for the forms that cells may have."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.errors import DomainError
from apps.datasets.schema_changes import COLUMNS_MAX, LABEL_LENGTH_MAX, read_schema
from workers.inference.lookup.checks import CHECKS
from workers.inference.lookup.patterns import COUNT_MAX
from workers.inference.lookup.schema import RULES, Column, TableSchema, digits_pattern

ROLE_LABELS = {
    "name": _("name: what people ask for"),
    "identifier": _("identifier: what they get, or ask by"),
    "other": _("further information"),
}
CHECK_LABELS: dict[str, Any] = {
    "iso7064_mod11_10": _("MOD 11,10 (ISO 7064)"),
    "iso7064_mod97_10": _("MOD 97-10 (ISO 7064, legal entities)"),
    "luhn": _("Luhn (payment cards)"),
    "gb32100": _("GB 32100 (social credit code)"),
}
ANY, DIGITS, OWN = "any", "digits", "own"
_FIXED = {
    "letters_digits": "[A-Z0-9]+",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "credit_code": "[0-9A-HJ-NPQRTUWXY]{18}",
}
FORM_LABELS: dict[str, Any] = {
    ANY: _("any text"),
    DIGITS: _("digits, this many:"),
    "letters_digits": _("capital letters and digits"),
    "date": _("date, 2026-01-31"),
    "credit_code": _("18 digits and capital letters"),
    OWN: _("own pattern:"),
}
_SKIP, _WARN = "error", "warning"
BREACHES = [(_SKIP, _("skip the row")), (_WARN, _("only warn"))]


class ColumnForm(forms.Form):
    label = forms.CharField(label=_("Name in files and answers"), max_length=LABEL_LENGTH_MAX)
    key = forms.CharField(label=_("Key for programs"), max_length=40)
    role = forms.ChoiceField(label=_("Role"), choices=list(ROLE_LABELS.items()), initial="other")
    required = forms.BooleanField(label=_("must be filled in"), required=False)
    form = forms.ChoiceField(label=_("Form of a cell"), choices=list(FORM_LABELS.items()), initial=ANY)
    digits = forms.IntegerField(label=_("How many digits"), min_value=1, max_value=COUNT_MAX, required=False)
    pattern = forms.CharField(label=_("Pattern"), max_length=200, required=False, strip=False)
    check = forms.ChoiceField(label=_("Check digit"), required=False)
    unique = forms.BooleanField(label=_("no value twice"), required=False)
    on_required = forms.ChoiceField(label=_("If empty"), choices=BREACHES, initial=_SKIP)
    on_pattern = forms.ChoiceField(label=_("If it has another form"), choices=BREACHES, initial=_SKIP)
    on_check = forms.ChoiceField(label=_("If the check digit is wrong"), choices=BREACHES, initial=_WARN)
    on_unique = forms.ChoiceField(label=_("If it comes twice"), choices=BREACHES, initial=_SKIP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["check"].choices = [("", _("none")), *((rule, CHECK_LABELS.get(rule, rule)) for rule in CHECKS)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("form") == DIGITS and not values.get("digits") and "digits" not in self.errors:
            self.add_error("digits", _("Say how many digits."))
        return values

    def column(self) -> dict[str, Any]:
        """Return what was filled in as a column of a schema; it may still be wrong."""
        values = self.cleaned_data
        return {
            "key": values.get("key", ""),
            "label": values.get("label", ""),
            "role": values.get("role", "other"),
            "required": values.get("required", False),
            "pattern": self._pattern(values),
            "check": values.get("check", ""),
            "unique": values.get("unique", False),
            "warn": [rule for rule in RULES if values.get(f"on_{rule}") == _WARN],
        }

    @staticmethod
    def _pattern(values: dict[str, Any]) -> str:
        form = values.get("form")
        if form == DIGITS:
            return digits_pattern(values.get("digits") or 1)
        return str(values.get("pattern", "")) if form == OWN else _FIXED.get(str(form), "")


class BaseSchemaFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """All columns; `schema` is the table schema after `is_valid()`."""

    ordering_widget = forms.HiddenInput
    deletion_widget = forms.HiddenInput

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.schema: TableSchema | None = None

    def clean(self) -> None:
        columns = self.in_order()
        try:
            self.schema = read_schema({"columns": [form.column() for form in columns]}, kind=self.kind)
        except DomainError as problem:
            whole = [message for path, message in problem.fields.items() if not _blame(columns, path, message)]
            if whole:
                raise forms.ValidationError(whole) from problem

    def in_order(self) -> list[Any]:
        """Return the forms of the columns that stay, valid or not, as people have put them."""
        staying = [form for form in self.forms if not form.cleaned_data.get("DELETE")]
        return sorted(staying, key=lambda form: form.cleaned_data.get("ORDER") or 0)


def _blame(columns: list[Any], path: str, message: str) -> bool:
    """Show what is wrong at the field it is about: `columns.0.key`; False where it is about no single one."""
    _whole, at, name = [*path.split("."), "", ""][:3]
    if not at:
        return False
    form = columns[int(at)]
    if name not in form.errors:
        form.add_error(name if name in form.fields else "key", message)
    return True


SchemaFormSet = cast(
    type[BaseSchemaFormSet],
    forms.formset_factory(
        ColumnForm,
        formset=BaseSchemaFormSet,
        extra=0,
        can_order=True,
        can_delete=True,
        max_num=COLUMNS_MAX,
        validate_max=True,
    ),
)


def initial_of(schema: TableSchema) -> list[dict[str, Any]]:
    """Return what the form shows of a schema."""
    return [_initial(column) for column in schema.columns]


def _initial(column: Column) -> dict[str, Any]:
    fixed = {pattern: form for form, pattern in _FIXED.items()}
    form = ANY if not column.pattern else DIGITS if column.digits else fixed.get(column.pattern, OWN)
    return {
        "label": column.label,
        "key": column.key,
        "role": column.role,
        "required": column.required,
        "form": form,
        "digits": column.digits,
        "pattern": column.pattern if form == OWN else "",
        "check": column.check,
        "unique": column.unique,
        **{f"on_{rule}": _WARN if rule in column.warn else _SKIP for rule in RULES},
    }
