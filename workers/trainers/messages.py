"""What a trainer logs: English in the log, marked here so that the live page can say it in the reader's language."""

from __future__ import annotations


def _(text: str) -> str:
    """Marks a string for translation; the web side translates it and fills in {values}."""
    return text


SCORING_BASE = _("Scoring the base model on held-out rows and wordings")
SCORING_TUNED = _("Scoring the tuned model on the same questions")
EXAMPLES_TOO_LONG = _("{count} examples are longer than {limit} tokens and are left out")

LOG_MESSAGES = (SCORING_BASE, SCORING_TUNED, EXAMPLES_TOO_LONG)
