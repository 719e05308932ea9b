"""`lgdcnn predict`: properties of formulas at the terminal, or of all formulas of a table into a file."""

import sys
from argparse import Namespace
from math import floor, isfinite, log10
from pathlib import Path

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cli import DONE, REJECTED, reading, screening
from lgdcnn_core.composition import InvalidFormulas, parse
from lgdcnn_core.regressor.calibration import USUAL_INTERVAL
from lgdcnn_core.tables import ENDINGS, is_table


class BadInput(ValueError):
    """The words of the command do not say which formulas to predict, or where to."""


def run(chosen: Namespace) -> int:
    """Run the command; return the exit status."""
    tables = [name for name in chosen.input if is_table(name)]
    if tables and len(chosen.input) > 1:
        raise BadInput(f"give formulas, or one table; not {tables[0]} with other input")
    if tables and chosen.output is None:
        raise BadInput(f"say where the predictions for {tables[0]} go: -o predicted.csv")
    fitted = reading.model(chosen.model, chosen.device)
    places = reading.places(fitted, chosen.property)
    if tables:
        return screening.screen(Path(tables[0]), fitted, places, chosen)
    if chosen.output is not None:
        raise BadInput(
            f"-o is for a table, and {chosen.input[0]!r} is no file that ends in {', '.join(ENDINGS)}; predictions of "
            "formulas go to the terminal, and from there to a file with >"
        )
    return _of_formulas(fitted, places, chosen)


def _of_formulas(fitted: CompositionRegressor, places: list[int], chosen: Namespace) -> int:
    """Print the predictions of a few formulas; those that cannot be read are named."""
    compositions = parse(chosen.input, errors="raise" if chosen.strict else "drop")
    if not len(compositions):
        raise InvalidFormulas(compositions.dropped)
    table = fitted.table(compositions.formulas, interval=chosen.interval)
    table = table[table["property"].isin([fitted.target_names_[place] for place in places])]
    print(as_text(table))
    if "lower" in table:
        share = chosen.interval or USUAL_INTERVAL
        print(f"± holds {share:.0%} of the values of compounds like those of the benchmarks", file=sys.stderr)
    return REJECTED if compositions.dropped else DONE


def as_text(table: pd.DataFrame) -> str:
    """Return the rows of `CompositionRegressor.table` as text: a row for each property, a column for each formula."""
    half = (table["upper"] - table["lower"]) / 2 if "lower" in table else table["std"]
    cells = [with_uncertainty(value, each) for value, each in zip(table["value"], half, strict=True)]
    properties = table.drop_duplicates("property")
    # Formulas may repeat, and their order counts: a row of cells for each.
    by_formula = np.reshape(cells, (-1, len(properties)))
    first = table.iloc[:: len(properties)]
    wide = pd.DataFrame(by_formula.T, index=properties["property"].tolist(), columns=first["formula"].tolist())
    wide.insert(0, "unit", properties["unit"].to_numpy(), allow_duplicates=True)
    if "distance" in first:
        known = [
            "yes" if distance == 0 else f"{distance:.0%} off {nearest}"
            for distance, nearest in zip(first["distance"], first["nearest"], strict=True)
        ]
        wide.loc["in training data"] = ["", *known]
    return str(wide.to_string())


def with_uncertainty(value: float, width: float) -> str:
    """Write a value and its uncertainty to two digits of the uncertainty: ``175 ± 79``, ``4.3e-05 ± 1.3e-05``."""
    if not (isfinite(value) and isfinite(width) and width > 0):
        return f"{value:.3g} ± {width:.2g}"
    decimals = 1 - floor(log10(width))
    if decimals > 4:
        digits = max(decimals + floor(log10(abs(value))), 0) if value else 1
        return f"{value:.{digits}e} ± {width:.1e}"
    return f"{round(value, decimals):.{max(decimals, 0)}f} ± {round(width, decimals):.{max(decimals, 0)}f}"
