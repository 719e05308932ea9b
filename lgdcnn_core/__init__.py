"""Material properties from composition alone: CECV, L-G-DCNN and the networks of Du & Wang (JCTC 2024).

`CompositionRegressor` trains and predicts. The modules `benchmarks`, `cecv`, `composition`, `elements`, `models` and
`training` hold the data, the method and its parts. Each is imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgdcnn_core import benchmarks, cecv, composition, elements, models, training
    from lgdcnn_core.regressor import CompositionRegressor

__version__ = "0.1.0"

_ROOMS = ("benchmarks", "cecv", "composition", "elements", "models", "training")

__all__ = [
    "CompositionRegressor",
    "__version__",
    "benchmarks",
    "cecv",
    "composition",
    "elements",
    "models",
    "training",
]


def __getattr__(name: str) -> Any:
    """Import a module, or the regressor, on first use: torch and scikit-learn take seconds to import."""
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name == "CompositionRegressor":
        return import_module(f"{__name__}.regressor").CompositionRegressor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
