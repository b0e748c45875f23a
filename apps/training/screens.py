"""What the console shows of a job, besides its events: words for the live page's script, parameters, colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.registry.screens import METRIC_LABELS
from apps.training.models import JobStatus, TrainingJob
from apps.training.parameters import parameters

STATUS_COLOURS = {
    JobStatus.QUEUED.label: "warning",
    JobStatus.STARTING.label: "info",
    JobStatus.RUNNING.label: "primary",
    JobStatus.SUCCEEDED.label: "success",
    JobStatus.FAILED.label: "danger",
    JobStatus.CANCELLED.label: "",
}


def live_words() -> dict[str, Any]:
    """Return every word that live.js puts on the page, in the active language. {name} is filled in by the script."""
    return {
        "status": {str(value): str(label) for value, label in JobStatus.choices},
        "metrics": {name: str(label) for name, label in METRIC_LABELS.items()},
        "cancelling": _("Stopping at the next step"),
        "live": _("Live"),
        "reconnecting": _("Reconnecting"),
        "signed_out": _("Please sign in again"),
        "gone": _("No longer available"),
        "step": _("Step"),
        "loss": _("Loss"),
        "smooth": _("Smoothed"),
        "validation": _("Validation"),
        "learning_rate": _("Learning rate"),
        "log": {
            "queued": _("Queued by {by}"),
            "attempt": _("Attempt {number} on {host}"),
            "requeued": _("Back in the queue as attempt {attempt} ({reason})"),
            "started": _("Started on {device}: {trainable_parameters} trainable parameters"),
            "examples": _(
                "{train} training and {validation} validation examples; {wordings_held_out} wordings held out"
            ),
            "validation": _("Validation loss {loss} at step {step}"),
            "evaluation": _("Evaluated on {count} questions"),
            "finished": _("Finished after {seconds} s"),
            "cancelled": _("Cancelled at step {step}"),
            "failed": _("Failed: {message}"),
        },
    }


def parameter_list(job: TrainingJob) -> SafeString:
    """Return the job's parameters as a definition list, labelled as in the form."""
    rows = [(item.help, item.label, _value(job.parameters.get(item.key))) for item in parameters()]
    rows.append(("", _("Seed"), str(job.seed)))
    items = format_html_join("", '<div title="{}"><dt>{}</dt><dd>{}</dd></div>', rows)
    return format_html('<dl class="live-parameters">{}</dl>', items)


def _value(value: Any) -> str:
    if value is None:
        return "—"
    return ", ".join(value) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def progress_bar(job: TrainingJob) -> SafeString:
    bar = '<span class="live-small"><span class="live-bar"><i style="width: {0}%"></i></span>{0} %</span>'
    return format_html(bar, job.percent)


def short_base(job: TrainingJob) -> str:
    """Return the base model without the folders above it: a hub name stays whole."""
    return Path(job.base_model).name if job.base_model.startswith(("/", ".")) else job.base_model
