"""Wording that tables, figures and verdicts share: names of stores, trainings, units, errors and counts."""

from collections.abc import Sequence

from lgdcnn_core import benchmarks, training

STORES = {"committed": "This project", "local": "This machine"}
"""Name of each store of records, as readers see it."""

BASELINES = {"RF": "random forest", "ET": "extra trees", "GBM": "gradient boosting"}
"""Name of each tree baseline, as readers see it."""

BASELINE = "trees"
"""Recipe of the baselines."""

_UNITS = {
    "mu_B": "μB",
    "A^3/atom": "Å³/atom",
    "cm^-1": "cm⁻¹",
    "1/K": "K⁻¹",
    "log10(GPa)": "log₁₀ GPa",
    "1": "dimensionless",
}


def unit_text(unit: str) -> str:
    """Write the unit of a data card for readers, such as "K⁻¹" for "1/K"; "" stays ""."""
    return _UNITS.get(unit, unit)


def label(quantity: str, unit: str) -> str:
    """Write a quantity with its unit, such as "MAE (GPa)", or alone if it has no unit (classification)."""
    return f"{quantity} ({unit_text(unit)})" if unit else quantity


def three_decimals(value: float) -> str:
    """Print an MAE as the paper does: three decimals, powers of ten below 0.001."""
    return f"{value:.3f}" if value >= 0.001 else short_power(f"{value:.2e}")


def four_digits(value: float) -> str:
    """Print an MAE with four significant digits."""
    return short_power(f"{value:#.4g}".rstrip("."))


def short_power(text: str) -> str:
    """Write a power of ten without the zero that Python puts before its exponent."""
    return text.replace("e-0", "e-").replace("e+0", "e")


def setting_name(setting: str) -> str:
    """Name a setting for readers: "published" becomes "padded", because only numbers are called published."""
    return {"published": "padded"}.get(setting, setting)


def rule_name(rule: str) -> str:
    """Name a clustering rule for readers: "published" becomes "scan-order"."""
    return {"published": "scan-order"}.get(rule, rule)


def counted(n: int, noun: str) -> str:
    """Write a number with its noun, such as "1 set" or "3 sets"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def span(low: float, high: float, form: str) -> str:
    """Write a range, such as "2 to 6", or one number where both ends print alike."""
    first, last = format(low, form), format(high, form)
    return first if first == last else f"{first} to {last}"


def listed(names: Sequence[str]) -> str:
    """Join names with commas and "and"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def and_validation_data(refit: bool) -> str:
    """Return the words that mark a refit, which also trains on validation data; "" for any other training."""
    return ", validation data too" if refit else ""


def way_of_training(
    recipe: str, setting: str, epochs: int, train_fraction: float = 1.0, refit: bool = False, store: str = "committed"
) -> str:
    """Name a way of training by its recipe and by the values that differ from the recipe's own.

    Parameters
    ----------
    recipe, setting, epochs, train_fraction, refit, store
        As the columns of `runs.load_records`.

    Returns
    -------
    str
        Such as "fast recipe" or "paper recipe, 100 epochs"; "" for baselines, which have one recipe each.
    """
    of_networks = training.RECIPES.get(recipe)
    parts = [] if recipe == BASELINE else [recipe] if of_networks is None else [f"{recipe} recipe"]
    if setting != own_setting(recipe):
        parts.append(f"{setting_name(setting)} setting")
    if of_networks is not None and epochs != of_networks.epochs:
        parts.append(f"{epochs} epochs")
    if train_fraction != 1:
        parts.append(f"{train_fraction:.3g} of rows")
    return ", ".join(parts) + and_validation_data(refit) + ("" if store == "committed" else ", this machine")


def own_setting(recipe: str) -> str:
    """Return the setting that a recipe is meant for: "published" for the paper recipe, "exact" for the others."""
    return "published" if recipe == training.PAPER.name else "exact"


def place(dataset: str, fold: int | None = None) -> str:
    """Name a data set, or one of its official folds, with the unit of its property."""
    card = benchmarks.card(dataset)
    return label(card.label if fold is None else f"{card.label}, fold {fold}", card.unit)
