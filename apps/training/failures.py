"""Why a job failed, for people: for every code a title and a remedy in the reader's language.

The job's row keeps the code and, in English, the detail that was known where it failed.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

_LOOK_AT_LOG = _("Look at the end of the log below, then submit the job again.")

FAILURES: dict[str, tuple[Any, Any]] = {
    "invalid_spec": (_("The order cannot be carried out."), _("Submit the job again.")),
    "invalid_dataset": (_("The data cannot be used for training."), _("Import the dataset again, or choose another.")),
    "invalid_base_model": (
        _("The base model cannot be used."),
        _("Choose another base model, or copy its files again: safetensors weights, configuration, tokenizer."),
    ),
    "diverged": (_("The training diverged: its loss is no longer a number."), _("Lower the learning rate.")),
    "out_of_memory": (_("The memory was not enough."), _("Lower the batch size and raise the accumulation instead.")),
    "storage_error": (_("The result could not be written."), _("Free some disk space and submit the job again.")),
    "trainer_killed": (
        _("The operating system killed the trainer."),
        _("Usually the memory ran out. Use a smaller batch, or fewer jobs at once."),
    ),
    "trainer_died": (_("The trainer ended unexpectedly."), _LOOK_AT_LOG),
    "trainer_silent": (
        _("The trainer hung: it gave no sign of life and was stopped."),
        _(
            "Submit the job again. If it hangs again, the machine is too slow for the base model: choose a smaller "
            "one, or raise the setting TRAINER_SILENT_SECONDS."
        ),
    ),
    "heartbeat_lost": (
        _("The worker of this job vanished again and again."),
        _("Look at the worker's log; often the memory ran out. Then submit the job again."),
    ),
    "registration_failed": (_("The result could not be registered."), _("Submit the job again.")),
    "unexpected": (_("The trainer met a fault of its own."), _LOOK_AT_LOG),
    "supervisor_broke": (_("The platform could not run the trainer."), _("Look at the worker's log.")),
}


def title(code: str) -> str:
    """Return what went wrong in one sentence; an unknown code is named."""
    return str(FAILURES[code][0]) if code in FAILURES else code


def remedy(code: str) -> str:
    """Return what to do, or an empty string for an unknown code."""
    return str(FAILURES[code][1]) if code in FAILURES else ""


def all_words() -> dict[str, dict[str, str]]:
    """Return {code: {"title", "remedy"}} in the active language, for the live page's script."""
    return {code: {"title": title(code), "remedy": remedy(code)} for code in FAILURES}
