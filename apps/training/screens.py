"""What the console shows of a job, besides its events: words for the live page's script, parameters, colours."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.registry.screens import METRIC_LABELS
from apps.training import failures
from apps.training.models import JobStatus, TrainingJob
from apps.training.parameters import parameters
from apps.training.queue import HEARTBEAT_LOST, WORKER_STOPPED
from workers.trainers.messages import LOG_MESSAGES

STATUS_COLOURS = {
    JobStatus.QUEUED.value: "warning",
    JobStatus.STARTING.value: "info",
    JobStatus.RUNNING.value: "primary",
    JobStatus.SUCCEEDED.value: "success",
    JobStatus.FAILED.value: "danger",
    JobStatus.CANCELLED.value: "",
}


def live_context(job: TrainingJob | None) -> dict[str, Any]:
    """Return what the live page's template needs beside the job: words, and why it failed if it did."""
    code = job.error_code if job else ""
    told = {"title": failures.title(code), "remedy": failures.remedy(code) or (job.remedy if job else "")}
    return {"live_words": live_words(), "problem": told}


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
        "messages": {text: _(text) for text in LOG_MESSAGES},
        "problems": failures.all_words(),
        "reasons": {
            HEARTBEAT_LOST: _("its worker gave no sign of life"),
            WORKER_STOPPED: _("its worker was stopped"),
        },
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
            "cancel_requested": _("Cancel requested by {by}"),
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
    """Return how far the job is; of a failed one also why it came no further."""
    bar = '<span class="live-small"><span class="live-bar"><i data-width="{0}"></i></span>{0} %</span>'
    why = format_html('<span class="live-why">{}</span>', failures.title(job.error_code)) if job.error_code else ""
    return format_html(bar + "{1}", job.percent, why)
