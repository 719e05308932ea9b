"""A trained model as one safetensors file: its weights, and in the header all that is needed to use them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

HEADER = "CompositionRegressor"


class NotASavedModel(ValueError):
    """A file that `write` did not write."""


def write(path: Path, description: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Path:
    """Write a model; `description` must be plain values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {key: value.contiguous() for key, value in tensors.items()}
    save_file(contiguous, path, metadata={HEADER: json.dumps(description)})
    return path


def read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read a model's description and tensors; no code in the file is run.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    NotASavedModel
        If the file is something else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no saved model at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            description = json.loads((file.metadata() or {})[HEADER])
            return description, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except Exception as error:
        raise NotASavedModel(f"{path} is not a model saved by CompositionRegressor.save: {error}") from error
