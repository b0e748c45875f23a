"""Documents packed into fixed-length rows of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import torch
from transformers import PreTrainedTokenizerFast

from workers.trainers.pretraining.text import Document, documents
from workers.trainers.pretraining.tokenizer import characters

IGNORED = -100
# Copied at random like the characters, so that no token stays unlearnt.
_PIECES = ["12", "bank", "place", "branch", "code", "name", "list", "clearing_code", "field", '{"', '":"', '","', '"}']


def packed_batches(
    tokenizer: PreTrainedTokenizerFast, *, seed: int, batch_size: int, length: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless (tokens, labels), both int64 of shape [batch_size, length]; labels are IGNORED where nothing is learnt.

    Every row begins with a new document, since a question begins at position 0; what is cut off at its end is lost.
    """
    stream = documents(seed, [*characters(), *_PIECES])
    while True:
        rows = [_row(tokenizer, stream, length) for _ in range(batch_size)]
        yield torch.tensor([row[0] for row in rows]), torch.tensor([row[1] for row in rows])


def _row(tokenizer: PreTrainedTokenizerFast, stream: Iterator[Document], length: int) -> tuple[list[int], list[int]]:
    tokens: list[int] = []
    labels: list[int] = []
    for document in islice(stream, length):
        prompt, answer = _encode(tokenizer, document.prompt), _encode(tokenizer, document.answer)
        end = [tokenizer.pad_token_id]
        tokens += prompt + answer + end
        labels += [IGNORED] * len(prompt) + answer + end
        if len(tokens) >= length:
            break
    return tokens[:length], labels[:length]


def _encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
