"""The recipe of the small base model: generated text, tokenizer, pre-training from scratch."""

import os

# Read when torch is loaded, hence here: waiting threads sleep instead of spinning. On a machine that does other work
# too, spinning costs up to ten times the speed.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Every batch has another number of learnt tokens; without a limit the kernels kept for each size fill gigabytes.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
