"""A byte-level BPE in which nearly every Chinese character is one token: names are copied character by character."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from workers.trainers.banks import NATIONAL_BANKS
from workers.trainers.places import load_places
from workers.trainers.pretraining import phrases

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# fmt: off
_WORDS = [
    "system", "user", "assistant", "bank", "place", "branch", "code", "name", "list", "field", "clearing_code",
    "clearing", "asked", "true", "false", "null", "city", "province", "CNAPS", "ICBC", "ABC", "BOC", "CCB", "SPDB",
    "CMB", "ATM", "VIP", "the", "and",
]
_BRACKETS = ['{"', '":"', '","', '":""', '"}', "{}", "[]", "</", '":']
# fmt: on
_PUNCTUATION = "，。？！、；：“”（）《》—…·～－　｜／【】"
_PATTERN = Regex(r"\p{Han}|[A-Za-z_]+|\d|[!-/:-@\[-^`{-~]+|\s|.")

# The shape of Qwen3's template; `enable_thinking` is accepted and has no meaning here.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of the recipe: the same bytes at every run."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(_PATTERN, behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8192,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_lines(), trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106
        pad_token="<|endoftext|>",  # noqa: S106
        chat_template=CHAT_TEMPLATE,
        model_max_length=512,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def characters() -> list[str]:
    """Level 1 of GB 2312 (3,755 common characters) and every character of the gazetteer, the banks and the phrases."""
    common = {
        bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312", "ignore") for row in range(16, 56) for cell in range(1, 95)
    }
    written = "".join(place.province + place.city + place.county for place in load_places())
    written += "".join(bank + "".join(short) for bank, short in NATIONAL_BANKS.items())
    written += "".join(phrases.KINDS + phrases.WORDS + phrases.OPENINGS + phrases.CLOSINGS + phrases.SENTENCES)
    written += "".join(question + answer for question, answer in phrases.TALK)
    return sorted((common | set(written) | set(_PUNCTUATION)) - {""})


def _lines() -> list[str]:
    return ["".join(characters())] * 3 + [" ".join(_WORDS + _BRACKETS)] * 50


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    tokenizer.save_pretrained(str(folder))
