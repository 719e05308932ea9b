"""Stated uncertainties: measures worked by hand and in closed form, intervals checked against MAPIE, cross-fits."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_execution import BULK, tiny_split

from lgdcnn_core.companion import claims, figures, runs, uncertainty
from lgdcnn_core.companion.claims import stated_uncertainties
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome
from lgdcnn_core.companion.runs import RunSpec, parts, trees
from lgdcnn_core.companion.uncertainty import case, conformal, crossfit, measures, tables
from lgdcnn_core.companion.uncertainty.__main__ import main
from lgdcnn_core.companion.uncertainty.crossfit import CHOSEN, FIXED, TEST, CrossFitStore
from lgdcnn_core.regressor.calibration import Calibration

# ------------------------------------------------------------------------------------------------- measures


def score_at(level):
    """Score below which a Laplace distribution expects this share of the errors."""
    return -math.log(1 - level) / math.sqrt(2)


def laplace_scores(factor, n):
    """Evenly spread Laplace errors whose standard deviation is this factor times the stated one."""
    return factor * np.array([score_at(level) for level in (np.arange(n) + 0.5) / n])


def test_a_score_is_the_error_in_standard_deviations():
    found = measures.scores([1.0, 2.0, 3.0, 3.0], [1.5, 2.0, 3.0, 4.0], [0.25, 1.0, 0.0, 0.0])
    assert found.tolist() == [2.0, 0.0, 0.0, math.inf]


@pytest.mark.parametrize(
    ("name", "distribution"), [("Laplace", stats.laplace(scale=1 / math.sqrt(2))), ("Gaussian", stats.norm())]
)
def test_expectations_are_those_of_scipys_distributions_of_unit_standard_deviation(name, distribution):
    assert distribution.std() == pytest.approx(1)
    scores = np.array([0.0, 0.3, 1.0, 1.645, 4.0])
    central = distribution.cdf(scores) - distribution.cdf(-scores)
    assert measures.expected_shares(scores, name) == pytest.approx(central)
    assert measures.PER_STD[name] == pytest.approx(2 * distribution.expect(lambda x: x, lb=0))


def test_coverage_counts_the_errors_within_each_interval():
    scores = np.array([score_at(level) for level in (0.7, 0.1, 0.4, 0.8)])
    found = measures.coverage(scores, [0, 0.25, 0.5, 0.75, 1], "Laplace")
    assert found.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_the_miscalibration_area_is_that_worked_by_hand():
    # One error in the middle: two triangles of base and height 1/2.
    assert measures.miscalibration_area(np.array([score_at(0.5)]), "Laplace") == pytest.approx(0.25)
    # Steps at 1/4 and 3/4: four triangles of base and height 1/4.
    scores = np.array([score_at(0.75), score_at(0.25)])
    assert measures.miscalibration_area(scores, "Laplace") == pytest.approx(4 / 32)
    # All errors are infinite, or zero: the whole triangle.
    assert measures.miscalibration_area(np.full(5, np.inf), "Gaussian") == pytest.approx(0.5)
    assert measures.miscalibration_area(np.zeros(5), "Gaussian") == pytest.approx(0.5)


@pytest.mark.parametrize("factor", [1.0, 1.5, 3.0])
def test_overconfidence_by_a_factor_gives_the_area_in_closed_form(factor):
    # Of Laplace errors, 1 - (1 - p)^(1/c) lie where p is expected; the area above that is (c - 1) / (2 (c + 1)).
    found = measures.miscalibration_area(laplace_scores(factor, 4000), "Laplace")
    assert found == pytest.approx((factor - 1) / (2 * (factor + 1)), abs=1 / 4000)
    held = measures.coverage(laplace_scores(factor, 4000), [0.9], "Laplace")
    assert held == pytest.approx(1 - 0.1 ** (1 / factor), abs=1 / 4000)


@pytest.mark.parametrize(("name", "draw"), [("Laplace", "laplace"), ("Gaussian", "normal")])
def test_true_standard_deviations_leave_no_area_but_that_of_the_sample(name, draw):
    generator = np.random.default_rng(0)
    std = generator.uniform(0.1, 10, 20000)
    scale = std / math.sqrt(2) if name == "Laplace" else std
    scores = measures.scores(getattr(generator, draw)(0, scale), np.zeros(20000), std)
    other = {"Laplace": "Gaussian", "Gaussian": "Laplace"}[name]
    assert measures.miscalibration_area(scores, name) < 0.005
    assert measures.miscalibration_area(scores, other) > 0.03
    assert measures.coverage(scores, [0.9], name) == pytest.approx(0.9, abs=0.01)


def test_sharpness_is_the_root_mean_square():
    assert measures.sharpness(np.array([3.0, 4.0])) == pytest.approx(math.sqrt(12.5))


def test_error_decay_is_that_worked_by_hand():
    errors, left_out = np.array([4.0, 1.0, 3.0, 2.0]), [0, 0.25, 0.5, 0.75, 0.9]
    in_order = measures.error_decay(errors, errors, left_out)
    assert in_order == pytest.approx(np.array([2.5, 2.0, 1.5, 1.0, 1.0]) / 2.5)
    worst = measures.error_decay(errors, -errors, left_out)
    assert worst == pytest.approx(np.array([2.5, 3.0, 3.5, 4.0, 4.0]) / 2.5)


def test_bins_hold_equal_numbers_in_ascending_order():
    assert measures.bins(np.array([0.5, 9.0, 0.1, 2.0, 3.0, 1.0]), 3).tolist() == [0, 2, 0, 1, 2, 1]


# ------------------------------------------------------------------------------------------------- conformal


def test_calibration_has_the_intervals_of_mapie():
    """The same data, model and scores give the same split conformal intervals, at every share."""
    reason = "mapie is not installed; it is among the requirements of the extra 'test'"
    regression = pytest.importorskip("mapie.regression", reason=reason)
    from sklearn.base import BaseEstimator, RegressorMixin

    class Stated(RegressorMixin, BaseEstimator):
        """A fitted model that predicts the first column of X, and states the second one as standard deviation."""

        fitted_ = True

        def fit(self, X, y):
            return self

        def predict(self, X, return_std=False):
            return (X[:, 0], X[:, 1]) if return_std else X[:, 0]

    generator = np.random.default_rng(0)
    X = np.column_stack([generator.normal(size=150), generator.uniform(0.5, 2, 150)])
    y = X[:, 0] + generator.laplace(0, X[:, 1])
    val, test = slice(0, 101), slice(101, 150)
    for score, std in (("std_normalized", X[:, 1]), ("absolute", np.ones(150))):
        theirs = regression.SplitConformalRegressor(Stated(), list(conformal.SHARES), score, prefit=True)
        bounds = theirs.conformalize(X[val], y[val]).predict_interval(X[test])[1]
        ours = Calibration.of(y[val], X[val, 0], std[val])
        half = np.column_stack([ours.factor(share) * std[test] for share in conformal.SHARES])
        assert bounds[:, 1] == pytest.approx(X[test, :1] + half)
        if score == "absolute":  # for the other one, MAPIE 1.6 rounds the rank of the lower bound down
            assert bounds[:, 0] == pytest.approx(X[test, :1] - half)


def test_the_coverage_of_exchangeable_compounds_is_known():
    # Ranks 9 of 10, 19 of 20, and 19 of 21 (18.9 rounded up).
    assert [conformal.expected_coverage(*each) for each in ((0.9, 9), (0.95, 19), (0.9, 20))] == [0.9, 0.95, 19 / 21]
    generator = np.random.default_rng(0)
    held = [
        float((generator.exponential(size=50) <= conformal._quantile(generator.exponential(size=20), 0.9)).mean())
        for _ in range(2000)
    ]
    assert np.mean(held) == pytest.approx(19 / 21, abs=0.005)


def made_case(way, dataset, factor=1.0, n=2000, seed=0, fold=None, val=True):
    """A case with Laplace errors of this factor times the stated standard deviation, whatever that is."""
    generator = np.random.default_rng(seed)

    def part():
        std = generator.uniform(0.2, 5, n)
        actual = std * generator.permutation(laplace_scores(factor, n))
        formulas = np.array(["Fe", "NaCl", "SrTiO3", "LiFePO4", "BaLaMgTiO6"])[np.arange(n) % 5]
        return pd.DataFrame({"formula": formulas, "actual": actual, "predicted": 0.0, "uncertainty": std})

    return uncertainty.Case(way, dataset, fold, "local", (f"{dataset}/{seed}",), part(), part() if val else None)


OVERCONFIDENT = [
    *(made_case(uncertainty.SINGLE, "mp_mu_b", 3.0, seed=seed, val=False) for seed in (0, 1)),
    made_case(uncertainty.SINGLE, "mp_e_hull", 3.0, seed=2),
    made_case(uncertainty.JOINT, "mp_mu_b", 1.0, seed=3),
    made_case(uncertainty.JOINT, "mp_e_hull", 1.0, seed=4),
]


def test_overconfidence_is_measured_and_calibration_removes_it():
    fit, intervals = uncertainty.fit(OVERCONFIDENT), uncertainty.intervals(OVERCONFIDENT)
    coverage = uncertainty.over_sets(fit, "coverage_Laplace").set_index("way")
    assert coverage.loc[uncertainty.SINGLE, "mean"] == pytest.approx(1 - 0.1 ** (1 / 3), abs=0.02)
    assert coverage.loc[uncertainty.JOINT, "mean"] == pytest.approx(0.9, abs=0.01)
    assert coverage["sets"].tolist() == [2, 2]  # seeds of a set count once
    ratios = uncertainty.over_sets(fit, "sharpness_over_rmse").set_index("way")["mean"]
    assert ratios.to_dict() == pytest.approx({uncertainty.SINGLE: 1 / 3, uncertainty.JOINT: 1}, rel=0.05)
    own = intervals[(intervals["share"] == 0.9) & (intervals["score"] == "std-normalised")]
    assert own["coverage"].tolist() == pytest.approx([0.9] * 3, abs=0.025)
    assert own["n_val"].tolist() == [2000] * 3
    # Half the width of 90 % of Laplace errors is ln 10 / sqrt 2 standard deviations; their mean is 2.6.
    assert own["width"].iloc[1:].tolist() == pytest.approx([2 * 2.6 * math.log(10) / math.sqrt(2)] * 2, rel=0.1)


def test_intervals_of_equal_width_fail_the_compounds_with_a_large_uncertainty():
    groups = uncertainty.within_groups([each for each in OVERCONFIDENT if each.way == uncertainty.JOINT])
    means = groups.groupby(["score", "by", "group"])["coverage"].mean()
    fifths, elements = conformal.FIFTHS, conformal.ELEMENTS
    assert means["std-normalised", fifths].tolist() == pytest.approx([0.9] * 5, abs=0.04)
    assert means["absolute", fifths].loc[1] > 0.99
    assert means["absolute", fifths].loc[5] < 0.8
    assert means["std-normalised", elements].index.tolist() == [1, 2, 3, 4, 5]
    assert uncertainty.within_groups([made_case(uncertainty.JOINT, "mp_mu_b", n=90)]).empty  # of 18 compounds each


def test_findings_are_computed_and_name_what_is_missing():
    fit = uncertainty.fit(OVERCONFIDENT)
    assert uncertainty.missing(OVERCONFIDENT) == [
        "One network: records of 1 of 2 sets are older than validation predictions, so that they cannot be calibrated.",
        "There is no record of an ensemble.",
        "There is no record of a random forest.",
    ]
    assert "hold 54 % by one network and 90 % by the joint network" in uncertainty.coverage_finding(fit)
    assert uncertainty.featured(fit) == uncertainty.JOINT
    assert uncertainty.set_table(fit, uncertainty.intervals(OVERCONFIDENT), uncertainty.JOINT).shape == (2, 7)
    bins = uncertainty.binned(OVERCONFIDENT)
    own = bins[bins["way"] == uncertainty.SINGLE]
    assert (own["mean"] / own["stated"]).tolist() == pytest.approx([3] * 10, rel=0.15)
    decay = uncertainty.decay(OVERCONFIDENT)
    assert decay.loc[decay["left_out"] == 0, "mean"].tolist() == pytest.approx([1] * 4)
    curves = uncertainty.curves(OVERCONFIDENT)
    assert len(curves) == 2 * 2 * 101


# ------------------------------------------------------------------------------------------------- records


KINDS = {"matbench_glass": "classification"}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Data sets of 40 compounds, whatever their names; stores of this test alone."""
    monkeypatch.setattr(parts.benchmarks, "load", lambda name, fold=None: tiny_split(KINDS.get(name, "regression")))
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    monkeypatch.setattr(crossfit, "committed_store", lambda: None)
    return runs.local_store()


def test_cases_are_single_networks_their_ensembles_and_forests(tiny, monkeypatch):
    monkeypatch.setattr(case, "MODEL", "DCNN-K1")
    monkeypatch.setitem(trees.RECIPES, "RF", trees.Forest(trees=5))
    for seed in (0, 1):
        runs.execute(RunSpec(BULK, model="DCNN-K1", epochs=1, seed=seed), device="cpu", progress=False)
    runs.execute(RunSpec(BULK, model="RF", recipe="trees"), device="cpu", progress=False)
    runs.execute(RunSpec("matbench_glass", 0, model="DCNN-K1", epochs=1), device="cpu", progress=False)
    found = uncertainty.cases(runs.load_records([tiny]), [tiny])
    assert [each.way for each in found] == [uncertainty.SINGLE] * 2 + [uncertainty.ENSEMBLE, uncertainty.FOREST]
    first, second, both = (each.val for each in found[:3])
    assert both["predicted"].tolist() == pytest.approx((first["predicted"] + second["predicted"]) / 2)
    spread = (first["predicted"] - second["predicted"]) / 2
    total = np.sqrt(spread**2 + (first["uncertainty"] ** 2 + second["uncertainty"] ** 2) / 2)
    assert both["uncertainty"].tolist() == pytest.approx(total)
    assert set(uncertainty.origin(found, [tiny])["records"]["key"]) == {key for each in found for key in each.keys}


def test_a_cross_fit_predicts_every_compound_by_a_network_that_has_not_learnt_it(tiny, monkeypatch):
    learnt = []
    fit = crossfit.CompositionRegressor.fit

    def watched(self, train, **given):
        learnt.append((set(train["formula"]), given))
        return fit(self, train, **given)

    monkeypatch.setattr(crossfit.CompositionRegressor, "fit", watched)
    spec = RunSpec(BULK, model="DCNN-K1", epochs=3)
    epochs = runs.execute(spec, device="cpu", progress=False).best_epoch
    learnt.clear()
    store = uncertainty.local_crossfits()
    record = uncertainty.make(spec, store, "cpu")
    assert store.read(spec.key) == record
    assert (record.epochs, record.n_compounds, record.n_test) == (epochs, 34, 6)
    assert len(learnt) == 2 * record.n_parts == 10
    fixed, chosen = learnt[::2], learnt[1::2]
    assert [given for _, given in fixed] == [{"stop_after": epochs}] * 5
    for (formulas, _), (same, given) in zip(fixed, chosen, strict=True):
        assert formulas == same
        assert not formulas & set(given["val"]["formula"])
    held = [formula for _, given in chosen for formula in given["val"]["formula"]]
    split = tiny_split()
    compounds = [*split.train["formula"], *split.val["formula"]]
    assert sorted(held) == sorted(compounds)
    found = store.predictions(record.key)
    assert found[FIXED]["formula"].tolist() == found[CHOSEN]["formula"].tolist() == compounds
    assert found[TEST]["formula"].tolist() == split.test["formula"].tolist() * 5


def test_a_cross_fit_takes_regressions_of_networks_alone(tiny):
    store = uncertainty.local_crossfits()
    for spec in (RunSpec(BULK, model="RF", recipe="trees"), RunSpec("matbench_glass", 0), RunSpec(BULK, refit=True)):
        with pytest.raises(runs.InvalidSpec, match="take a regression of a network from random weights"):
            uncertainty.make(spec, store)


def test_the_command_says_what_is_there_already_and_what_it_cannot_make(tiny, monkeypatch, capsys):
    monkeypatch.setattr(crossfit.CrossFitStore, "__contains__", lambda self, key: "seed7" in key)
    assert main([BULK, "--seed", "7"]) == 0
    assert f"{BULK}/L-G-DCNN_fast_exact_seed7: there already" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([BULK, "--recipe", "joint"])
    assert "take a regression of a network from random weights" in capsys.readouterr().err


class MadeUpCrossFits(dict):
    """A store of cross-fits by key."""

    predictions = dict.__getitem__

    def read(self, key):
        return SimpleNamespace(epochs=30, chosen_epochs=[20, 50])


def of_scores(scores):
    return pd.DataFrame({"actual": scores, "predicted": 0.0, "uncertainty": 1.0})


def test_the_optimism_of_a_chosen_epoch_is_the_ratio_of_the_factors():
    # Chosen errors are 20 % smaller; the test errors are like those with a fixed epoch.
    scores = laplace_scores(1.0, 999)
    store = MadeUpCrossFits(key={FIXED: of_scores(scores), CHOSEN: of_scores(0.8 * scores), TEST: of_scores(scores)})
    table = uncertainty.crossfitted(store, "key", [])
    said = uncertainty.crossfit_finding(table, "mp_mu_b/x")
    assert "the epoch was fixed at 30; held-out compounds chose 20 to 50." in said
    assert "0.80 times as wide (0.80 to 0.80)" in said
    assert said.endswith(": the choice has made the calibration optimistic.")
    row = table.set_index("share").loc[0.9]
    # The rank is 900 of 999.
    assert row["factor_fixed"] == pytest.approx(scores[899])
    assert (row["ratio"], row["low"], row["high"]) == pytest.approx((0.8, 0.8, 0.8))
    assert row["coverage_fixed"] == pytest.approx(900 / 999)
    assert row["coverage_chosen"] == pytest.approx(1 - 0.1**0.8, abs=0.002)
    assert "factor_run" not in row
    assert uncertainty.crossfitted(store, "another", []).empty
    assert uncertainty.crossfit_finding(pd.DataFrame(), "mp_mu_b/x") == "There is no cross-fit of mp_mu_b/x."


# ------------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.86, 0.94, Outcome.REPRODUCED),
        (0.70, 0.84, Outcome.NOT_REPRODUCED),
        (0.96, 0.99, Outcome.NOT_REPRODUCED),
        (0.80, 0.94, Outcome.OPEN),
        (math.nan, math.nan, Outcome.OPEN),
    ],
)
def test_coverage_is_judged_by_its_whole_interval(low, high, outcome):
    assert stated_uncertainties.judge_share(Estimate(0.9, 3, "data set", low, high)) is outcome


def test_the_verdicts_say_which_uncertainties_are_calibrated():
    stated, calibrated = stated_uncertainties.verdicts(
        uncertainty.fit(OVERCONFIDENT), uncertainty.intervals(OVERCONFIDENT)
    )
    assert stated.outcome is Outcome.IN_PART
    assert "54 % of the test values by one network and 90 % by the joint network" in stated.sentence
    assert stated.detail == "Within 5 points: the joint network. Further off: one network."
    assert [each.n for each in calibrated.ours] == [1, 2]
    assert calibrated.outcome is Outcome.OPEN  # a single set has no interval


def test_without_records_nothing_is_judged(tmp_path, monkeypatch):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "none"))
    found = claims.of_notebook("08_uncertainty", claims.Evidence("local"))
    assert [each.outcome for each in found] == [Outcome.NOT_TESTABLE] * 2
    assert uncertainty.way_table(uncertainty.fit([])).empty
    assert uncertainty.optimism(uncertainty.intervals([])) == []


# ------------------------------------------------------------------------------------------------- figures


@pytest.mark.usefixtures("drawing_style")
class TestFigures:
    def test_coverage_is_drawn_against_the_diagonal(self):
        figure = figures.calibration_figure(uncertainty.curves(OVERCONFIDENT), "title")
        left, right = figure.axes
        titles = ["errors expected to be Laplace", "errors expected to be Gaussian"]
        assert [each.get_title() for each in (left, right)] == titles
        lines = {line.get_label(): line for line in left.lines}
        assert list(lines) == ["perfect", uncertainty.SINGLE, uncertainty.JOINT]
        assert lines[uncertainty.SINGLE].get_ydata()[90] == pytest.approx(1 - 0.1 ** (1 / 3), abs=0.02)

    def test_errors_and_decay_have_a_panel_for_each_way(self):
        for figure in (
            figures.binned_figure(uncertainty.binned(OVERCONFIDENT)),
            figures.decay_figure(uncertainty.decay(OVERCONFIDENT)),
        ):
            assert [each.get_title() for each in figure.axes] == [uncertainty.SINGLE, uncertainty.JOINT]

    def test_groups_show_coverage_above_and_width_below(self):
        groups = uncertainty.within_groups(OVERCONFIDENT)
        means = uncertainty.group_means(groups, uncertainty.JOINT)
        figure = figures.conformal_figure(means, uncertainty.SHARE)
        assert [each.get_ylabel() for each in figure.axes] == ["coverage", "", "width / mean width", ""]
        names = [text.get_text() for text in figure.axes[2].get_xticklabels()]
        assert names == ["1", "2", "3", "4", "5 or more"]
        assert means.loc[means["quantity"] == "coverage", "high"].max() <= 1


def test_a_mean_over_sets_has_students_interval():
    table = pd.DataFrame({"way": uncertainty.JOINT, "dataset": ["a", "a", "b", "c"], "x": [0.0, 2.0, 2.0, 3.0]})
    (row,) = tables.over_sets(table, "x").to_dict("records")
    # t(0.975, 2) = 4.3027, standard error 1 / sqrt(3), of 1, 2 and 3.
    assert (row["mean"], row["low"]) == pytest.approx((2, 2 - 4.3027 / 3**0.5), rel=1e-4)
    assert row["sets"] == 3


def test_the_store_of_cross_fits_lies_in_a_directory_of_its_own():
    assert CrossFitStore.local().path.name == "uncertainty"
