"""Why a training cannot go on, sorted by what is wrong; each with a remedy in plain words."""

from __future__ import annotations


class TrainerError(Exception):
    """Ends the job as `failed`; `code` is for programs, `message` and `remedy` are for people."""

    code = "trainer_error"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class SpecError(TrainerError):
    code = "invalid_spec"


class DatasetError(TrainerError):
    code = "invalid_dataset"


class BaseModelError(TrainerError):
    code = "invalid_base_model"


class DivergedError(TrainerError):
    code = "diverged"


class MemoryShortError(TrainerError):
    code = "out_of_memory"


class StorageError(TrainerError):
    code = "storage_error"
