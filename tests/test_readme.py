"""The README's tables of results say what the records say."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import benchmarks, runs
from lgdcnn_core.figures import label
from lgdcnn_core.runs.ensembles import mean_prediction

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SETS = {label(card.label, card.unit): card.name for card in map(benchmarks.card, benchmarks.few_compounds())}
PUBLISHED = benchmarks.published("lgdcnn_paper").set_index("dataset").drop(columns=["label", "unit"])


def table(first_heading: str) -> pd.DataFrame:
    """Read the one table of the README whose first column is called so, which becomes the index."""
    (rows,) = re.findall(rf"^\| {first_heading} \|.*\n(?:\|.*\n)+", README, flags=re.MULTILINE)
    heading, _, *body = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines())
    return pd.DataFrame(body, columns=heading).set_index(first_heading)


@pytest.fixture(scope="module")
def predictions():
    """From a set and a recipe, as the README calls it: test predictions of every L-G-DCNN, and their mean."""
    store = runs.committed_store()
    records = runs.load_records([store])
    records = records[(records["model"] == "L-G-DCNN") & (records["setting"] == "exact")]
    records = records[records["train_fraction"] == 1]

    @cache
    def found(dataset: str, recipe: str) -> tuple[list[pd.DataFrame], pd.DataFrame]:
        name, _, refit = recipe.partition(", ")
        chosen = (records["dataset"] == dataset) & (records["recipe"] == name.strip("`"))
        alike = records[chosen & (records["refit"].astype(bool) == (refit == "refit"))]
        keys = alike.loc[alike["epochs"] == alike["epochs"].max(), "key"].tolist()
        return [store.predictions(key) for key in keys], mean_prediction(store, keys)

    return found


def mae(predicted: pd.DataFrame, pure_elements: bool = True) -> float:
    rows = predicted if pure_elements else benchmarks.without_pure_elements(predicted)
    return float((rows["actual"] - rows["predicted"]).abs().mean())


def four_digits(value: float) -> str:
    return f"{1e6 * value:#.4g}e-6" if value < 1e-3 else f"{value:#.4g}"


@pytest.mark.parametrize("name", SETS)
def test_the_errors_of_each_set_are_those_of_the_records(name, predictions):
    dataset = SETS[name]
    row = table("set").loc[name]
    published = PUBLISHED.loc[dataset, ["L-G-DCNN", "CrabNet"]]
    assert row[["the paper", "CrabNet"]].astype(float).tolist() == pytest.approx(published.tolist())
    for column, written in row.drop(["the paper", "CrabNet"]).items():
        recipe = column.removesuffix(", together")
        members, mean = predictions(dataset, recipe)
        error = np.mean([mae(each) for each in members]) if column == recipe else mae(mean)
        assert written == four_digits(error), column


def test_how_many_sets_are_ahead_is_what_the_records_say(predictions):
    for recipe, (networks, *written) in table("recipe").astype(int).iterrows():
        crabnet = paper = everything = 0
        for dataset in SETS.values():
            members, mean = predictions(dataset, recipe)
            assert len(members) == networks
            published = PUBLISHED.loc[dataset]
            less = published.index.isin(benchmarks.WITHOUT_PURE_ELEMENTS)
            crabnet += np.mean([mae(each, pure_elements=False) for each in members]) <= published["CrabNet"]
            paper += np.mean([mae(each) for each in members]) <= published["L-G-DCNN"]
            everything += all(np.where(less, mae(mean, pure_elements=False), mae(mean)) < published.to_numpy())
        assert [crabnet, paper, everything] == written, recipe
