"""The study of sample efficiency: its runs, and what is said of them."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import claims, runs
from lgdcnn_core.companion.claims import Outcome
from lgdcnn_core.companion.claims import sample_efficiency as claim
from lgdcnn_core.companion.reproduce import profiles
from lgdcnn_core.companion.runs import equal_sizes, parts
from lgdcnn_core.companion.runs import sample_efficiency as study
from lgdcnn_core.training import FAST, FAST_VAL1000

BULK, OQMD = "aflow__ael_bulk_modulus_vrh", "OQMD_Bandgap"
SPECS = study.runs()
N_TRAIN = {(dataset, fold): len(benchmarks.load(dataset, fold=fold).train) for dataset, fold in study.SETS}
COMPOUNDS = [f"H{i + 1}" for i in range(200)]


@pytest.mark.parametrize(("dataset", "fold"), study.SETS)
def test_eight_sizes_go_from_100_compounds_in_equal_steps_of_the_logarithm(dataset, fold):
    sizes = study.sizes(dataset, fold)
    assert (len(sizes), sizes[0], sizes[-1]) == (8, 100, min(N_TRAIN[dataset, fold], 25_000))
    steps = np.diff(np.log(sizes))
    assert steps == pytest.approx(steps.mean(), rel=0.03)  # whole compounds


def test_the_profile_has_every_size_with_each_model_and_three_seeds_below_5000_compounds():
    assert profiles.PROFILES["efficiency"]() == SPECS
    assert len(set(SPECS)) == len(SPECS) == 2 * 8 * 3 * 4 + 2 * (5 * 3 + 3) * 4
    seeds = {}
    for spec in SPECS:
        n = round(spec.train_fraction * N_TRAIN[spec.dataset, spec.fold])
        seeds.setdefault((spec.dataset, spec.model, n), set()).add(spec.seed)
    assert all(found == ({0, 1, 2} if n < 5000 else {0}) for (_, _, n), found in seeds.items())
    assert {model for _, model, _ in seeds} == {"L-G-DCNN", "CrabNet", "RF", "GBM"}


@pytest.mark.parametrize("seed", study.SEEDS)
def test_subsets_are_nested_and_the_same_for_every_model(seed):
    subsets = []
    for size in study.sizes(BULK, None):
        by_model = [
            parts.load_split(study.run(BULK, None, model, size, seed)) for model in ("L-G-DCNN", "CrabNet", "RF", "GBM")
        ]
        formulas = [each.train["formula"].tolist() for each in by_model]
        assert all(each == formulas[0] for each in formulas)
        assert len(set(formulas[0])) == size
        assert {len(each.val) for each in by_model} == {len(benchmarks.load(BULK).val)}
        subsets.append(set(formulas[0]))
    assert all(smaller < larger for smaller, larger in pairwise(subsets))


def test_seeds_have_subsets_of_their_own():
    first, second = (parts.load_split(study.run(BULK, None, "RF", 100, seed)).train for seed in (0, 1))
    assert set(first["formula"]) != set(second["formula"])


def test_networks_take_as_many_steps_as_the_fast_recipe_on_1000_compounds_or_more():
    assert study.FEWEST_STEPS == 60 * 8  # batches of 128
    assert [study.epochs(size) for size in (100, 128, 129, 300, 1000)] == [480, 480, 240, 160, 60]
    assert study.epochs(25_000) == FAST.sized(25_000).epochs
    for spec in SPECS:
        if spec.model in study.NETWORKS:
            n = round(spec.train_fraction * N_TRAIN[spec.dataset, spec.fold])
            assert spec.full_recipe().epochs * math.ceil(n / spec.full_recipe().batch_size) >= 480
            assert spec.full_recipe().epochs <= 480


def test_1000_compounds_of_a_large_validation_part_judge_the_epochs_of_networks():
    recipes = {(spec.dataset, spec.recipe) for spec in SPECS if spec.model in study.NETWORKS}
    assert recipes == {
        *((dataset, "fast") for dataset, _ in study.SMALL_SETS),
        *((dataset, "fast-val1000") for dataset, _ in study.LARGE_SETS),
    }
    assert FAST_VAL1000.differing(FAST.as_dict(), transformers=True) == ["name", "val_compounds"]


def records(law, seeds=(0, 1, 2), sizes=None, models=study.NETWORKS + study.BASELINES, sets=study.SETS):
    """Rows as of `load_records`, with errors by (model, size, seed)."""
    rows = []
    for dataset, fold in sets:
        for size in sizes or study.sizes(dataset, fold):
            for seed in sorted(set(seeds) & set(study.seeds(size))):
                for model in models:
                    mae = law(model, size, seed)
                    spec = study.run(dataset, fold, model, size, seed)
                    rows.append(
                        spec.as_dict()
                        | {"store": "local", "key": spec.key, "n_train": size, "mae": mae, "val_mae": mae}
                    )
    return pd.DataFrame(rows)


class Known:
    """A store whose records have the errors of `records`, with a spread over 200 test compounds."""

    name = "local"

    def __init__(self, table):
        spread = np.random.default_rng(0).exponential(size=200)
        self.errors = {row.key: row.mae * spread / spread.mean() for row in table.itertuples()}

    def predictions(self, key):
        return pd.DataFrame({"formula": COMPOUNDS, "actual": 0.0, "predicted": self.errors[key]})


def parts_of_oqmd(law, sizes):
    """Points of both networks on OQMD band gap at sizes that need not be the study's."""
    table = records(law, sizes=sizes, models=study.NETWORKS, sets=study.SETS[-1:])
    return table.assign(size=table["n_train"])


def power(factor, exponent):
    return {"L-G-DCNN": (factor, exponent)} | dict.fromkeys(("CrabNet", "RF", "GBM"), (1.0, 0.3))


def law_of(laws, noise=0.0):
    def mae(model, size, seed):
        generator = np.random.default_rng([len(model), size, seed, 1])
        return laws[model][0] * size ** -laws[model][1] * np.exp(noise * generator.normal())

    return mae


def test_points_are_the_records_of_the_study_alone_and_committed_ones_come_first():
    table = records(law_of(power(1, 0.3)), sizes=[100])
    other = table.iloc[:1].assign(key=f"{BULK}/L-G-DCNN_fast_exact_fraction0.5_seed0")
    refit = table.iloc[:1].assign(key=f"{BULK}/L-G-DCNN_fast_exact_refit_seed0")
    committed = table.iloc[:1].assign(store="committed", mae=9.0)
    found = study.points(pd.concat([table, other, refit, committed]))
    assert len(found) == len(table)
    assert set(found["size"]) == {100}
    assert found[found["key"] == committed["key"].iloc[0]]["mae"].tolist() == [9.0]


def test_records_of_subsets_stay_out_of_every_other_table_and_verdict(monkeypatch):
    subsets = records(law_of(power(1, 0.3)))
    whole = subsets[subsets["train_fraction"] == 1]
    assert 0 < len(whole) < len(subsets)
    monkeypatch.setattr(runs, "load_records", lambda stores: subsets)
    evidence = claims.Evidence()
    assert evidence.records["key"].tolist() == whole["key"].tolist()
    assert set(whole["dataset"]) == {dataset for dataset, _ in study.SMALL_SETS}
    assert set(whole["recipe"]) == {"fast", "trees"}
    assert len(evidence.efficiency) == len(subsets)
    # A run on all compounds is the run that other tables show, with no epochs of its own.
    assert {spec.key for spec in profiles.ours()} >= set(whole.loc[whole["seed"] == 0, "key"])


def test_ratios_are_those_of_the_errors_on_the_same_subsets():
    # 0.8 times the rival's at every size and seed: no interval is left.
    table = records(law_of(power(0.8, 0.3)))
    points = study.points(table)
    found = equal_sizes.ratios(points[points["dataset"] == OQMD], "L-G-DCNN", "CrabNet", [Known(table)])
    assert found["size"].tolist()[:8] == study.sizes(OQMD, None)
    assert pd.isna(found["size"].iloc[-1])
    assert found["runs"].tolist() == [3, 3, 3, 3, 3, 1, 1, 1, 18]
    for name in ("ratio", "low", "high"):
        assert found[name].tolist() == pytest.approx([0.8] * 9)


def test_the_ratio_over_all_sizes_is_a_geometric_mean_of_ratios_of_means():
    # At 100 compounds (1 + 2 + 3) over (2 + 2 + 2), at 10,000 compounds 4 over 1.
    maes = {("L-G-DCNN", 100): [1, 2, 3], ("CrabNet", 100): [2, 2, 2]}
    maes |= {("L-G-DCNN", 10_000): [4], ("CrabNet", 10_000): [1]}
    points = parts_of_oqmd(lambda model, size, seed: float(maes[model, size][seed]), [100, 10_000])
    found = equal_sizes.ratios(points, "L-G-DCNN", "CrabNet", [Known(points)])
    assert found["ratio"].tolist() == pytest.approx([1.0, 4.0, 2.0])
    # Seeds differ by factors of up to 3, which a size with one seed may do as well.
    assert (found["high"] / found["low"]).iloc[1] > (found["high"] / found["low"]).iloc[0] > 2


def test_the_interval_of_the_mean_ratio_holds_the_truth_in_about_95_of_100_studies(monkeypatch):
    monkeypatch.setattr(equal_sizes, "RESAMPLES", 100)
    points = parts_of_oqmd(lambda *_: 1.0, [100, 1000, 10_000])
    generator = np.random.default_rng(0)
    held, n = 0, 80
    for _ in range(n):
        hardness = generator.lognormal(sigma=0.5, size=200)
        of_model = {model: generator.lognormal(sigma=0.5, size=200) for model in study.NETWORKS}
        drawn = Known(points)
        drawn.errors = {
            row.key: hardness * of_model[row.model] * np.exp(0.05 * generator.normal()) for row in points.itertuples()
        }
        found = equal_sizes.ratios(points, "L-G-DCNN", "CrabNet", [drawn]).iloc[-1]
        held += found["low"] <= 1 <= found["high"]
    assert held / n == pytest.approx(0.95, abs=0.06)


def test_one_seed_gives_no_interval_and_decides_nothing():
    table = records(law_of(power(0.5, 0.3)), seeds=[0])
    compared = claim.compare(study.points(table), "CrabNet", [Known(table)])
    found = claim.verdict("CrabNet", compared)
    assert found.outcome is Outcome.OPEN
    assert all(math.isnan(each.low) for each in found.ours)


@pytest.mark.parametrize(
    ("factor", "outcome", "counts"),
    [
        (0.8, Outcome.REPRODUCED, "lower on 4 of 4 data sets, higher on 0"),
        (1.25, Outcome.NOT_REPRODUCED, "lower on 0 of 4 data sets, higher on 4"),
        (1.0, Outcome.OPEN, "lower on 0 of 4 data sets, higher on 0"),
    ],
)
@pytest.mark.parametrize("rival", claim.CLAIMS)
def test_the_verdict_follows_the_errors_with_equal_training_compounds(rival, factor, outcome, counts):
    # 3 % of noise; the seed of `law_of` noise makes the same draws for every factor.
    table = records(law_of(power(factor, 0.3), noise=0.03))
    found = claim.verdict(rival, claim.compare(study.points(table), rival, [Known(table)]))
    assert found.outcome is outcome
    assert counts in found.sentence
    assert [each.n for each in found.ours] == [8] * 4
    assert all(each.low <= each.value <= each.high for each in found.ours)
    assert all(each.value == pytest.approx(factor, rel=0.05) for each in found.ours)


def test_a_steeper_law_meets_the_rivals_and_the_verdict_says_so():
    # 2 n^-0.4 = n^-0.3 at n = 2^10 = 1024.
    table = records(law_of(power(2.0, 0.4)))
    compared = claim.compare(study.points(table), "CrabNet", [Known(table)])
    assert claim.verdict("CrabNet", compared).detail == (
        "With more compounds its error falls faster on 4 of 4, and slower on 0."
    )
    rows = claim.crossing_table([compared])
    assert set(rows["equal errors at"]) == {"1,024 compounds (1,024)"}
    assert set(rows["exponent minus the rival's"]) == {"+0.100 (+0.100 to +0.100)"}


def test_validation_data_choose_the_better_baseline():
    laws = power(1.0, 0.3) | {"RF": (0.9, 0.3), "GBM": (1.1, 0.3)}
    table = records(law_of(laws))
    table["val_mae"] = table["val_mae"].where(table["model"] != "GBM", 0.5 * table["val_mae"])
    compared = claim.compare(study.points(table), "trees", [Known(table)])
    assert {each.rival for each in compared.values()} == {"GBM"}


def test_without_records_the_claims_are_not_testable_and_tables_are_empty():
    empty = study.points(records(law_of(power(1, 0.3))).iloc[:0])
    for rival in claim.CLAIMS:
        found = claim.verdict(rival, claim.compare(empty, rival, []))
        assert found.outcome is Outcome.NOT_TESTABLE
        assert found.sentence.startswith("No data set has both models at 3 sizes")
    assert claim.law_table(empty, claim.laws(empty)).empty
    assert claim.crossing_table([{}]).empty
    assert claim.size_table([{}]).empty
    assert set(claim.run_table(empty)["CrabNet"]) == {"0 of 24", "0 of 18"}


def test_tables_state_laws_and_ratios_of_a_part_of_the_runs():
    points = parts_of_oqmd(law_of(power(0.8, 0.3)), [100, 1000, 10_000])
    laws = claim.laws(points)
    assert set(laws) == {(OQMD, "L-G-DCNN"), (OQMD, "CrabNet")}
    row = claim.law_table(points, laws).loc[("OQMD Band gap (eV)", "L-G-DCNN")]
    assert row["exponent"] == "0.300 (0.300 to 0.300)"
    assert row["MAE at 1,000 compounds"] == "0.1007 (0.1007 to 0.1007)"  # 0.8 * 1000^-0.3
    compared = claim.compare(points, "CrabNet", [Known(points)])
    (text,) = claim.crossing_table([compared])["equal errors at"]
    assert text == "none within the measured range"
    sizes = claim.size_table([compared])
    assert sizes.loc[("OQMD Band gap (eV)", 10_000), "over CrabNet's"] == "0.800 (0.800 to 0.800), n = 1"
