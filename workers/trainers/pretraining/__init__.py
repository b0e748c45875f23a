"""The recipe of the small base model: generated text, tokenizer, pre-training from scratch."""
