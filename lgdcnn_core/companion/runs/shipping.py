"""`python -m lgdcnn_core.companion.runs.shipping`: make the trained networks of `lgdcnn_core.pretrained`.

Train (or take) the joint networks, calibrate them, measure them, and write file, checksum and model card.
"""

import argparse
import csv
import hashlib
import sys
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core import CompositionRegressor, benchmarks, pretrained
from lgdcnn_core.companion.runs.execution import trained
from lgdcnn_core.companion.runs.joint import exact_weights, joint_record
from lgdcnn_core.companion.runs.spec import JointSpec
from lgdcnn_core.composition import parse
from lgdcnn_core.pretrained import catalogue
from lgdcnn_core.regressor.calibration import USUAL_INTERVAL
from lgdcnn_core.regressor.nearness import TrainingCompounds
from lgdcnn_core.training import TOGETHER

SEEDS = {"joint": (0,), "joint-ensemble": (0, 1, 2)}
"""Seeds of the networks that each model consists of."""

LIMITS = """\
- Predictions are of calculated properties (DFT, at the settings of each database), not of experiments.
- A composition has many structures; the network predicts for the kind of structure that the databases hold, mostly
  known crystals and their decorated prototypes. It knows no polymorphs, pressure, temperature, surfaces or defects.
- It has seen no molecules, polymers, glasses, solid solutions or alloys of more than a few elements.
- Intervals hold their share for compounds like those of the databases. For compounds far from them (`distance`), and
  for elements of which training saw few compounds, they are too narrow.
- Do not use it to decide on the safety of a material, or in place of a calculation where one can be made.
"""


def specs(name: str) -> list[JointSpec]:
    """Return the trainings that a model needs."""
    return [JointSpec(seed=seed, recipe=TOGETHER.name) for seed in SEEDS[name]]


def assembled(name: str, device: str | None = None, progress: bool = True) -> CompositionRegressor:
    """Return a model of `SEEDS`, calibrated on the validation parts; what is not trained yet is trained.

    Parameters
    ----------
    name
        ``"joint"`` or ``"joint-ensemble"``.
    device, progress
        As in `execute`.
    """
    parts = []
    for spec in specs(name):
        file = trained(spec, device=device, progress=progress)
        exact = exact_weights(spec)
        parts.append(CompositionRegressor.load(exact if exact.is_file() else file, device))
    model = parts[0]
    model.networks_ = [part.network_ for part in parts]
    model.n_members = len(parts)
    units = [benchmarks.card(each).unit for each in names(model)]
    model.units_ = tuple("" if unit == "1" else unit for unit in units)
    model.training_compounds_ = TrainingCompounds.of(parse(benchmarks.masked_joint_table()["formula"]))
    val = benchmarks.joint_validation()
    model.calibrate(val["formula"], val[list(names(model))])
    return model


def names(model: CompositionRegressor) -> tuple[str, ...]:
    """Return the names of a model's properties, which are those of the extended sets."""
    assert model.properties_ is not None
    return model.properties_


def measured(model: CompositionRegressor, exact: list[CompositionRegressor] | None = None) -> pd.DataFrame:
    """Measure a model on the test parts of the extended sets.

    Parameters
    ----------
    model
        The model, with weights as its file keeps them.
    exact
        Its networks before their weights were rounded, if they are at hand.

    Returns
    -------
    DataFrame
        One row per property: ``label``, ``unit``, ``n_test``, ``mae``, ``coverage`` of the 90 % intervals, and
        ``rounding``, the mean change of predictions by the rounding of weights, relative to the MAE (NaN if unknown).
    """
    rows: dict[str, dict[str, Any]] = {}
    assert model.calibration_ is not None
    for place, name in enumerate(names(model)):
        test, card = benchmarks.load(name).test, benchmarks.card(name)
        mean, std = (each[:, place] for each in model.predict(test["formula"], return_std=True))
        errors = np.abs(mean - test["target"].to_numpy())
        inside = errors <= model.calibration_.factor(USUAL_INTERVAL)[place] * std
        change = np.nan
        if exact:
            before = np.mean([np.asarray(each.predict(test["formula"]))[:, place] for each in exact], axis=0)
            change = np.abs(before - mean).mean() / errors.mean()
        rows[name] = {
            "label": card.label,
            "unit": model.units_[place],
            "n_test": len(test),
            "mae": errors.mean(),
            "coverage": inside.mean(),
            "rounding": change,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def card(name: str, model: CompositionRegressor, results: pd.DataFrame, size: int) -> str:
    """Return the model card, Markdown."""
    records = [joint_record(spec) for spec in specs(name)]
    first = records[0]
    masked = benchmarks.masked_pairs()
    hours = sum(record.seconds for record in records) / 3600
    seeds = ", ".join(str(spec.seed) for spec in specs(name))
    table = [
        "| property | | unit | trained on | masked | tested on | test MAE | in 90 % interval |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| `{each}` | {row.label} | {row.unit} | {first.n_known[each]:,} | {masked.loc[each, 'masked']:,} "
            f"| {row.n_test:,} | {row.mae:.4g} | {row.coverage:.1%} |"
            for each, row in zip(results.index, results.itertuples(), strict=True)
        ),
    ]
    origins = dict.fromkeys((benchmarks.card(each).source, benchmarks.card(each).licence) for each in names(model))
    sources = [f"- {source}: licence {licence}" for source, licence in origins]
    rounding = (
        f"Rounding the weights to bfloat16 changes predictions by {results['rounding'].max():.2%} of the MAE at most."
        if results["rounding"].notna().all()
        else "How much rounding the weights to bfloat16 changes predictions was not measured."
    )
    return "\n".join(
        [
            f"# {name}",
            "",
            f"{first.spec.model}, {len(records)} {'network' if len(records) == 1 else 'networks'} (seed {seeds}), "
            f"{len(results)} properties of inorganic compounds from their composition.",
            "",
            "## Use",
            "",
            "```python",
            "from lgdcnn_core import CompositionRegressor",
            f'CompositionRegressor.pretrained("{name}").table(["Fe2O3", "SrTiO3"])',
            "```",
            "",
            "## Data and errors",
            "",
            f"Trained on {first.n_train:,} compounds, the training parts of the 18 extended benchmark sets together, "
            f"for {first.recipe['epochs']} epochs. A value is *masked*, that is, left out of training, if its compound "
            "is in the validation or test part of a set of the same or a kindred property. Test compounds served for "
            "the numbers below alone; validation compounds chose the epoch and calibrated the intervals.",
            "",
            *table,
            "",
            rounding,
            "",
            "## Limits",
            "",
            LIMITS,
            "## Data licences",
            "",
            *sources,
            "",
            "The networks and this card: MIT.",
            "",
            "## Making",
            "",
            f"Trained in {hours:.1f} h on {first.compute['device']} ({first.compute['threads']} threads, "
            f"{first.compute['precision']}), {first.started[:10]}. Record: `data/pretraining/{first.spec.key}`. "
            f"File: {size / 2**20:.1f} MiB. `make weights ARGS={name}` makes it again.",
            "",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.runs.shipping", description=__doc__)
    parser.add_argument("name", nargs="?", default="joint-ensemble", choices=list(SEEDS))
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best there is")
    chosen = parser.parse_args(arguments)
    model = assembled(chosen.name, chosen.device)
    place = pretrained.places(chosen.name)[0] if chosen.name != "joint" else catalogue.FILES
    file = model.save(place / f"{chosen.name}.safetensors", half=True)
    saved = CompositionRegressor.load(file, chosen.device)
    exact = [exact_weights(spec) for spec in specs(chosen.name)]
    known = [CompositionRegressor.load(each, chosen.device) for each in exact if each.is_file()]
    results = measured(saved, known if len(known) == len(exact) else None)
    text = card(chosen.name, saved, results, file.stat().st_size)
    (place / f"{chosen.name}.md").write_text(text, encoding="utf-8")
    if chosen.name == "joint":
        _note_checksum(chosen.name, hashlib.sha256(file.read_bytes()).hexdigest())
    print(results.to_string())
    print(file)
    return 0


def _note_checksum(name: str, sha256: str) -> None:
    """Write the checksum of a file that is part of the package into the list of models."""
    listed = catalogue.FILES / "models.csv"
    with listed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with listed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"sha256": sha256} if row["name"] == name else row for row in rows)


if __name__ == "__main__":
    sys.exit(main())
