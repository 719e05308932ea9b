"""The README's tables of results say what the records say."""

import re
from pathlib import Path

import pandas as pd
import pytest

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.runs import longest_schedules
from lgdcnn_core.companion.wording import four_digits, label

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SETS = {label(card.label, card.unit): card.name for card in map(benchmarks.card, benchmarks.few_compounds())}
PUBLISHED = benchmarks.published("lgdcnn_paper").set_index("dataset").drop(columns=["label", "unit"])


def table(first_heading: str) -> pd.DataFrame:
    """Read the one table of the README whose first column is called so, which becomes the index."""
    (rows,) = re.findall(rf"^\| {first_heading} \|.*\n(?:\|.*\n)+", README, flags=re.MULTILINE)
    heading, _, *body = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines())
    return pd.DataFrame(body, columns=heading).set_index(first_heading)


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    """By recipe, as the README calls it, and set: number of L-G-DCNNs, their mean MAE, and the MAE of their mean.

    In columns that end so, on the test rows without pure elements.
    """
    stores = [runs.committed_store()]
    records = runs.load_records(stores)
    ours = (records["model"] == "L-G-DCNN") & (records["setting"] == "exact") & (records["train_fraction"] == 1)
    records = longest_schedules(records[ours & records["dataset"].isin(SETS.values())])
    columns = {}
    for rows, suffix in ((records, ""), (runs.without_pure_elements(records, stores), " without pure elements")):
        singles, means = runs.summarise(rows), runs.ensembles(rows, stores, pure_elements=not suffix)
        columns |= {"networks": by_recipe(singles)["n"], f"one{suffix}": by_recipe(singles)["mean"]}
        columns |= {f"together{suffix}": by_recipe(means)["mae"]}
    return pd.DataFrame(columns)


def by_recipe(found: pd.DataFrame) -> pd.DataFrame:
    refit = found["refit"].map({False: "", True: ", refit"})
    return found.assign(recipe="`" + found["recipe"] + "`" + refit).set_index(["recipe", "dataset"])


@pytest.mark.parametrize("name", SETS)
def test_the_errors_of_each_set_are_those_of_the_records(name, measured):
    dataset = SETS[name]
    row = table("set").loc[name]
    published = PUBLISHED.loc[dataset, ["L-G-DCNN", "CrabNet"]]
    assert row[["the paper", "CrabNet"]].astype(float).tolist() == pytest.approx(published.tolist())
    for column, written in row.drop(["the paper", "CrabNet"]).items():
        recipe = column.removesuffix(", together")
        error = measured.loc[(recipe, dataset), "one" if column == recipe else "together"]
        assert written == four_digits(error), column


def test_how_many_sets_are_ahead_is_what_the_records_say(measured):
    for recipe, (networks, *written) in table("recipe").astype(int).iterrows():
        ours = measured.loc[recipe].loc[list(SETS.values())]
        assert (ours["networks"] == networks).all()
        published = PUBLISHED.loc[ours.index]
        suffixes = {name: " without pure elements" * (name in benchmarks.WITHOUT_PURE_ELEMENTS) for name in published}
        together = pd.DataFrame({name: ours[f"together{suffix}"] for name, suffix in suffixes.items()})
        crabnet = ours["one without pure elements"] <= published["CrabNet"]
        paper = ours["one"] <= published["L-G-DCNN"]
        everything = (together < published).all(axis=1)
        assert [crabnet.sum(), paper.sum(), everything.sum()] == written, recipe
