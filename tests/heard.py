"""The warnings about data that a call gives."""

import warnings
from collections.abc import Callable

from lgdcnn_core.training import DataWarning


def heard(call: Callable[[], object]) -> list[str]:
    """Return the messages of all `DataWarning`s of a call, however often each was given before."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(each.message) for each in caught if each.category is DataWarning]
