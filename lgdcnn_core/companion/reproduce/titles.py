"""Readable names of runs, for the terminal and for the table at the end."""

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import RunSpec, trees
from lgdcnn_core.companion.wording import setting_name, unit_text


def is_baseline(spec: RunSpec) -> bool:
    """Whether a run grows trees."""
    return spec.model in trees.RECIPES


def dataset(spec: RunSpec) -> str:
    """Name the data set of a run and its fold, such as "AFLOW bulk modulus" or "Matbench jdft2d, fold 0"."""
    card = benchmarks.card(spec.dataset)
    if spec.fold is not None:
        return f"Matbench {spec.dataset.removeprefix('matbench_')}, fold {spec.fold}"
    database, _, quantity = card.label.partition(" ")
    return f"{database} {quantity[:1].lower()}{quantity[1:]}"


def dataset_with_unit(spec: RunSpec) -> str:
    """Name the data set of a run with the unit of its property, such as "AFLOW bulk modulus (GPa)"."""
    unit = unit_text(benchmarks.card(spec.dataset).unit)
    return f"{dataset(spec)} ({unit})" if unit else dataset(spec)


def run(spec: RunSpec) -> str:
    """Name a run, such as "L-G-DCNN on AFLOW bulk modulus", with all differences from the defaults in brackets."""
    plain = RunSpec(spec.dataset, spec.fold, spec.model, recipe=trees.NAME if is_baseline(spec) else "fast")
    said = [f"{spec.recipe} recipe"] * (spec.recipe != plain.recipe)
    said += [f"{setting_name(spec.setting)} setting"] * (spec.setting != plain.setting)
    said += [f"{spec.epochs} epoch{'s' * (spec.epochs > 1)}"] if spec.epochs is not None else []
    said += [f"{100 * spec.train_fraction:g} % of the rows"] * (spec.train_fraction != 1)
    said += ["validation data too"] * spec.refit
    said += [f"seed {spec.seed}"] * (spec.seed != plain.seed)
    name = f"{spec.model} on {dataset(spec)}"
    return f"{name} ({', '.join(said)})" if said else name


def error(spec: RunSpec, value: float) -> str:
    """Write an error of a run with its unit, such as "MAE 9.21 GPa"; a classification's is its log-loss."""
    if spec.classification:
        return f"log-loss {value:.3f}"
    unit = unit_text(benchmarks.card(spec.dataset).unit)
    return f"MAE {value:#.4g} {unit}".removesuffix(" dimensionless")
