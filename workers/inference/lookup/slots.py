"""From the small model's slots to a reading that the rules can compare, with no trust in what it left out."""

from __future__ import annotations

from workers.inference.lookup.fit import Asked
from workers.inference.lookup.normalise import normalise
from workers.inference.lookup.parsing import Slots
from workers.inference.lookup.rules import has_content, read_clauses, without_talk
from workers.inference.lookup.vocabulary import Vocabulary


def asked_from_slots(slots: Slots, *, question: str, vocabulary: Vocabulary) -> Asked | None:
    """The reading that the slots stand for, or None when they cannot be trusted.

    Place and branch must be spelled in the question, and what the slots leave of it may hold no word of the subject:
    a model that forgets 分理处, or a place, or half a bank's name, must not cause an answer. `question` is normalised.
    """
    bank, place, branch = (normalise(text) for text in (slots.bank, slots.place, slots.branch))
    left = question
    for text in (branch, place):
        if text and text not in left:
            return None
        left = left.replace(text, "\n", 1) if text else left
    organisation, left = _take_bank(bank, left, vocabulary)
    left = without_talk(left, vocabulary=vocabulary)
    if organisation is None or has_content(left, vocabulary=vocabulary) or any(mark.isdigit() for mark in left):
        return None
    readings = read_clauses([text for text in (organisation, place, branch) if text], vocabulary=vocabulary)
    return readings[0] if any((readings[0].organisation, readings[0].parts)) else None


def _take_bank(bank: str, left: str, vocabulary: Vocabulary) -> tuple[str | None, str]:
    """(the bank in the question's own words, the rest of the question); (None, ...) when the question does not say it.

    The model may give the full name for what the question calls 农行: then the words of the question count.
    """
    if not bank:
        return "", left
    if bank in left:
        return bank, left.replace(bank, "\n", 1)
    wanted = vocabulary.first_mention(bank)
    for mention in vocabulary.mentions(left):
        if wanted and mention.organisation == wanted.organisation and bank[: wanted.start] in left:
            words = bank[: wanted.start] + left[mention.start : mention.stop]
            rest = left[: mention.start] + "\n" + left[mention.stop :]
            return words, rest.replace(bank[: wanted.start], "\n", 1) if wanted.start else rest
    return None, left
