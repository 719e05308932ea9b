"""Read torch files without running code in them."""

import warnings
from pathlib import Path
from typing import Any

import torch


class UnreadableFile(ValueError):
    """Torch cannot read the file without running code in it: it is damaged, of another kind, or hostile."""


def without_code(path: str | Path, device: torch.device | str = "cpu") -> Any:
    """Return the content of a file that `torch.save` wrote.

    Parameters
    ----------
    path
        The file.
    device
        Device of its tensors.

    Raises
    ------
    UnreadableFile
        If the file is of another kind, or would run code.
    OSError
        If the file cannot be opened.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location=device, weights_only=True)
    except OSError:
        raise
    except Exception:
        # torch's own error advises the user to run the code in the file, so we hide it.
        raise UnreadableFile("torch cannot read it without running code in it") from None
