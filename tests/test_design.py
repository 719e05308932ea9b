"""Rational design: the target region, proposals, the loop and its records, and the test of what a score is worth."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cecv import CECV
from lgdcnn_core.companion import design
from lgdcnn_core.companion.claims import Evidence, cecv_guides_design
from lgdcnn_core.companion.design import (
    Evaluation,
    MissingReference,
    Plan,
    Study,
    TargetRegion,
    Task,
    brief,
    compose,
    evaluate,
    mutations,
    over_seeds,
    predictive_power,
    propose,
    ranking,
    region,
    reliability,
    repeat,
    sample,
    scores,
    search,
    smallest_found,
)
from lgdcnn_core.companion.design.power import POOLED
from lgdcnn_core.companion.design.proposals import MAX_STAGES, same
from lgdcnn_core.companion.design.study import NAME, TASKS
from lgdcnn_core.companion.figures import design as drawn
from lgdcnn_core.companion.runs import BrokenRecord, RecordExists
from lgdcnn_core.models import CHAINS, parse

THRESHOLDS = (0.1, 0.2, 0.3, 0.4)


class TestTargetRegion:
    """Global 0.4, 0.3, 0.2, 0.1; local 0.8, 0.7, 0.6, 0.1: at 0.3 the region is 0.3 to 0.6, at 0.4 the point 0.1."""

    REGION = TargetRegion(THRESHOLDS, [0.4, 0.3, 0.2, 0.1], [0.8, 0.7, 0.6, 0.1])

    def test_bounds_worked_out_by_hand(self):
        low, high = self.REGION.bounds()
        np.testing.assert_allclose(low, [0.4, 0.3, 0.3, 0.1])
        np.testing.assert_allclose(high, [0.4, 0.3, 0.6, 0.1])

    @pytest.mark.parametrize(
        ("curve", "distances"),
        [
            ([0.4, 0.3, 0.45, 0.1], [0, 0, 0, 0]),  # within
            ([0.5, 0.2, 0.3, 0.1], [0.1, 0.1, 0, 0]),  # off the global curve at small t, on either side
            ([0.4, 0.3, 0.2, 0.1], [0, 0, 0.1, 0]),  # the global network: never above itself
            ([0.8, 0.7, 0.6, 0.1], [0.4, 0.4, 0, 0]),  # the local network
            ([0.4, 0.3, 0.9, 0.3], [0, 0, 0.3, 0.2]),  # above the local curve
        ],
    )
    def test_distances_worked_out_by_hand(self, curve, distances):
        np.testing.assert_allclose(self.REGION.distances(curve), distances, atol=1e-12)
        assert self.REGION.distance(curve) == pytest.approx(np.mean(distances))

    def test_on_the_log_scale_a_factor_counts_alike_everywhere(self):
        logarithmic = replace(self.REGION, scale="log")
        doubled = [0.8, 0.6, 0.6, 0.2]
        np.testing.assert_allclose(logarithmic.distances(doubled), np.log([2, 2, 1, 2]), atol=1e-12)
        assert logarithmic.distance([0.4, 0.3, 0.45, 0.1]) == 0

    def test_without_a_rise_the_global_network_is_perfect(self):
        flat = replace(self.REGION, rise=0.0)
        assert flat.distance(flat.global_curve) == 0
        assert self.REGION.distance(self.REGION.global_curve) > 0

    def test_a_local_curve_below_the_global_one_leaves_the_global_one(self):
        low, high = replace(self.REGION, local_curve=[0.0] * 4).bounds()
        np.testing.assert_allclose([low, high], [self.REGION.global_curve] * 2)


class TestProposals:
    def test_attention_of_one_width_is_shared_and_blocks_are_not(self):
        links = [("LSTM", ("att",)), ("GRU", ("att",)), ("DCNN", ())]
        assert str(compose(links, "linear")) == CHAINS["L-G-DCNN"].spec
        doubled = compose([("DCNN-K1", ("att",)), ("GRU", ("att",)), ("GRU", ("res",))], "MLP")
        assert str(doubled) == "DCNN-K1+att_1>GRU_1+att_2>GRU_2+res|MLP"

    def test_random_networks_are_sensible_and_never_the_same_twice(self):
        found = sample(150, CHAINS, np.random.default_rng(0))
        assert len({same(each) for each in [*found, *CHAINS]}) == 150 + len(CHAINS)
        assert all(len(parse(each).stages) <= MAX_STAGES for each in found)
        assert found == sample(150, CHAINS, np.random.default_rng(0))

    def test_mutations_are_one_change_away(self):
        found = mutations("LSTM+att>DCNN")
        for expected in ("GRU+att>DCNN", "LSTM+res>DCNN", "LSTM>DCNN", "LSTM+att>DCNN|MLP", "LSTM+att", "DCNN"):
            assert expected in found
        assert "LSTM+att>RNN>DCNN" in found
        assert len(set(found)) == len(found)
        assert "LSTM+att>DCNN" not in found

    def test_no_network_is_left_without_blocks_or_with_too_many(self):
        assert all(1 <= len(parse(each).stages) <= MAX_STAGES for name in CHAINS for each in mutations(name))

    def test_proposals_never_repeat(self):
        seen = ["LSTM+att>DCNN", "LSTM_4>DCNN", "L-G-DCNN"]
        for number in range(12):
            new = propose(["LSTM+att>DCNN", "L-G-DCNN"], seen, 4, np.random.default_rng(number))
            assert len(new) == 4
            seen += new
        assert len({same(each) for each in seen}) == len(seen)

    def test_what_is_written_otherwise_is_still_seen(self):
        everything = [each.replace("LSTM>", "LSTM_2>") for each in mutations("LSTM>DCNN")]
        assert propose(["LSTM>DCNN"], everything, 5, np.random.default_rng(0)) == []


BULK = "aflow__ael_bulk_modulus_vrh"


def made_up(candidate: str, counts: list[int], val_mae: float = 1.0, dataset: str = BULK, seed: int = 0) -> Evaluation:
    """Evaluation of ten compounds, with these clusters in the last layer."""
    layers = {
        name: {"sizes": [3], "compounds": [10], "counts": [[each] for each in of_layer]}
        for name, of_layer in {"first": [10, 10, 10, 10], "last": counts}.items()
    }
    return Evaluation(
        candidate=candidate,
        origin="",
        chain={},
        dataset=dataset,
        fold=None,
        seed=seed,
        recipe={},
        n_parameters=len(candidate),
        val_mae=val_mae,
        mean_predictor_mae=9.0,
        learning_curve={"epoch": [1], "loss": [0.5], "train_error": [2.0], "val_error": [3.0]},
        cecvs=layers,
        thresholds=list(THRESHOLDS),
        rule="published",
        focus=None,
        n_formulas=10,
        seconds={"training": 1.0, "cecv": 1.0},
        compute={},
        versions={},
        platform={},
        code=None,
        finished="",
        inputs={},
    )


REFERENCES = [made_up("LSTM", [4, 3, 2, 1]), made_up("DCNN-K1", [8, 7, 6, 1])]


class TestScores:
    def test_scores_worked_out_by_hand(self):
        table = scores([*REFERENCES, made_up("L-DCNN", [5, 2, 3, 1])]).set_index("candidate")
        assert table.loc["L-DCNN", "score"] == pytest.approx((0.1 + 0.1 + 0 + 0) / 4)
        assert table.loc["LSTM", "score"] == pytest.approx(0.1 / 4)
        assert table.loc["L-DCNN", "height"] == pytest.approx((0.5 + 0.2 + 0.3 + 0.1) / 4)
        assert table["reference"].to_dict() == {"LSTM": True, "DCNN-K1": True, "L-DCNN": False}

    def test_the_mean_over_layers_takes_all_of_them(self):
        table = scores([*REFERENCES, made_up("L-DCNN", [5, 2, 3, 1])], layers="mean").set_index("candidate")
        first = (0.6 + 0.7 + 0.4 + 0.9) / 4
        assert table.loc["L-DCNN", "score"] == pytest.approx((first + 0.05) / 2)

    def test_the_best_is_nearest_to_the_region_and_no_reference(self):
        table = scores([*REFERENCES, made_up("L-DCNN", [9, 9, 9, 9]), made_up("L-G-DCNN", [4, 3, 4, 1])])
        assert list(ranking(table).index) == ["L-G-DCNN", "L-DCNN"]

    def test_each_data_set_and_seed_has_its_own_region(self):
        other = [made_up("LSTM", [1, 1, 1, 1], seed=1), made_up("DCNN-K1", [1, 1, 1, 1], seed=1)]
        table = scores([*REFERENCES, *other, *(made_up("L-DCNN", [4, 3, 4, 1], seed=seed) for seed in (0, 1))])
        found = table[table["candidate"] == "L-DCNN"].set_index("seed")["score"]
        assert found[0] == 0
        assert found[1] == pytest.approx((0.3 + 0.2 + 0.3) / 4)

    def test_without_a_reference_there_is_no_region(self):
        with pytest.raises(MissingReference, match="DCNN-K1"):
            region(REFERENCES[:1])
        with pytest.raises(MissingReference, match="nothing was evaluated"):
            scores([])


class TestSeveralSeeds:
    def test_values_of_a_candidate_are_means_over_seeds(self):
        found = over_seeds(
            scores(
                [
                    *REFERENCES,
                    *(made_up(name, [4, 3, 2, 1], seed=1) for name in ("LSTM", "DCNN-K1")),
                    made_up("L-DCNN", [5, 2, 3, 1], val_mae=1.0),
                    made_up("L-DCNN", [4, 3, 2, 1], val_mae=2.0, seed=1),
                ]
            )
        ).set_index("candidate")
        assert found.loc["L-DCNN", "val_mae"] == 1.5
        assert found.loc["L-DCNN", "score"] == pytest.approx(0.05 / 2)
        assert "seed" not in found

    def test_a_seed_counts_once_all_candidates_have_it_on_all_sets(self, tmp_path, monkeypatch):
        monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
        store = design.local_study(NAME)
        names = [task.dataset for task in TASKS]
        for seed, datasets in ((0, names), (1, names), (2, names[:2])):
            for candidate in ("LSTM", "DCNN-K1"):
                for dataset in datasets:
                    store.write(made_up(candidate, [4, 3, 2, 1], dataset=dataset, seed=seed))
        store.write(made_up("L-DCNN", [4, 3, 2, 1], dataset=names[0]))
        found = {(each.candidate, each.seed) for each in Evidence("local").evaluations}
        assert found == {("LSTM", 0), ("DCNN-K1", 0), ("LSTM", 1), ("DCNN-K1", 1)}


class TestCompleteLinkage:
    COMPLETE: ClassVar = {"last": {"sizes": [3], "compounds": [10], "counts": [[6], [5], [4], [1]]}}

    def test_a_record_has_both_rules_and_an_old_one_its_own(self):
        old = made_up("LSTM", [4, 3, 2, 1])
        assert (old.format, list(old.layers())) == (1, ["first", "last"])
        with pytest.raises(KeyError, match="complete-linkage"):
            old.layers("complete-linkage")
        new = replace(old, complete_linkage=self.COMPLETE)
        again = Evaluation.from_json(new.to_json(), "new")
        assert (again, again.format) == (new, 2)
        assert Evaluation.from_json(old.to_json(), "old") == old
        assert new.layers("complete-linkage")["last"].counts.tolist() == [6, 5, 4, 1]
        assert new.layers("complete-linkage")["last"].rule == "complete-linkage"

    def test_scores_by_another_rule_have_a_region_by_that_rule(self):
        references = [replace(each, complete_linkage=each.cecvs) for each in REFERENCES]
        candidate = replace(made_up("L-DCNN", [4, 3, 4, 1]), complete_linkage=self.COMPLETE)
        by_rule = {rule: scores([*references, candidate], rule=rule) for rule in ("published", "complete-linkage")}
        found = {rule: table.set_index("candidate").loc["L-DCNN", "score"] for rule, table in by_rule.items()}
        # Off by 0.2 at both small thresholds; 0.4 is within the region from 0.3 to 0.6.
        assert found == pytest.approx({"published": 0.0, "complete-linkage": (0.2 + 0.2) / 4})


def test_a_region_fitted_on_one_set_is_tested_on_the_others():
    """On the first set, distances order the errors; on the second, they order them backwards."""
    counts = {"a": [5, 4, 4, 1], "b": [6, 5, 4, 1], "c": [7, 6, 4, 1], "d": [8, 7, 4, 1]}
    evaluations = []
    for dataset, order in (("one", 1), ("other", -1)):
        evaluations += [replace(each, dataset=dataset) for each in REFERENCES]
        errors = list(range(1, 5))[::order]
        evaluations += [
            made_up(name, curve, error, dataset) for (name, curve), error in zip(counts.items(), errors, strict=True)
        ]
    found = design.fitted_on_one_set(evaluations, n_resamples=20)
    assert found.index.tolist() == ["one", "other"]
    assert found.loc["one", ["fitted", "tested"]].tolist() == pytest.approx([1, -1])
    assert found.loc["one", "definition"].startswith("small up to ")


def table_of(score: list[float], val_mae: list[float], dataset: str = "set", **columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"candidate": [f"c{i}" for i in range(len(score))], "dataset": dataset, "seed": 0, "reference": False}
        | {"score": score, "val_mae": val_mae, "n_parameters": [-each for each in score]}
        | {"one_epoch_loss": score, "one_epoch_mae": score}
        | columns
    )


class TestPredictivePower:
    def test_correlations_worked_out_by_hand(self):
        """Ranks 1 2 3 4 5 against 2 1 3 5 4: sum of squared differences 4, so rho = 1 - 6 * 4 / (5 * 24) = 0.8."""
        found = predictive_power(table_of([1, 2, 3, 4, 5], [20, 10, 30, 50, 40]), n_resamples=50)
        assert found.set_index(["dataset", "predictor"]).loc[("set", "score"), "rho"] == pytest.approx(0.8)

    def test_pooling_is_within_sets(self):
        """Two sets with opposite errors cancel, however far apart the sets are."""
        table = pd.concat(
            [table_of([1, 2, 3], [1, 2, 3], "one"), table_of([101, 102, 103], [0.3, 0.2, 0.1], "other")],
            ignore_index=True,
        )
        found = predictive_power(table, n_resamples=20, predictors=["score"]).set_index("dataset")["rho"]
        assert found.to_dict() == pytest.approx({"one": 1.0, "other": -1.0, POOLED: 0.0})

    def test_references_do_not_count(self):
        table = table_of([1, 2, 3, 0], [1, 2, 3, 99])
        table.loc[3, "reference"] = True
        found = predictive_power(table, n_resamples=20, predictors=["score"])
        assert found["rho"].tolist() == pytest.approx([1, 1])
        assert set(found["n"]) == {3}

    def test_the_interval_holds_zero_for_noise_and_not_for_order(self):
        generator = np.random.default_rng(0)
        noise, order = generator.standard_normal(30), np.arange(30.0)
        table = table_of(list(order), list(order + 3 * noise), n_parameters=list(generator.standard_normal(30)))
        found = predictive_power(table, n_resamples=500).set_index(["dataset", "predictor"])
        assert found.loc[("set", "score"), "low"] > 0.5
        assert found.loc[("set", "n_parameters"), "low"] < 0 < found.loc[("set", "n_parameters"), "high"]
        assert found.loc[("set", "n_parameters"), "ahead_low"] > 0

    @pytest.mark.parametrize(
        ("errors", "said"),
        [
            ([1, 2, 3, 4, 5, 6, 7, 8], "nearer to the target region is more accurate"),
            ([8, 7, 6, 5, 4, 3, 2, 1], "nearer to the target region is less accurate"),
            ([3, 8, 1, 6, 5, 4, 7, 2], "does not detectably predict"),
        ],
    )
    def test_the_verdict_follows_from_the_numbers(self, errors, said):
        power = predictive_power(table_of([1, 2, 3, 4, 5, 6, 7, 8], errors), n_resamples=500)
        assert said in cecv_guides_design.verdict(power).sentence
        assert "could not distinguish the score from the best plain baseline" in cecv_guides_design.beside_baselines(
            power
        )

    def test_the_smallest_correlation_that_would_have_been_found(self):
        """Of 50 independent pairs, the interval of rho = 0 is tanh(1.96 / sqrt(47)); by tables, n = 47 finds 0.40."""
        reach = np.tanh(1.95996 / 47**0.5)
        assert smallest_found(-reach, reach) == pytest.approx(np.tanh((1.95996 + 0.84162) / 47**0.5), rel=1e-4)
        noise = predictive_power(table_of([1, 2, 3, 4, 5, 6, 7, 8], [3, 8, 1, 6, 5, 4, 7, 2]), n_resamples=500)
        assert "with a probability of 80%" in cecv_guides_design.verdict(noise).detail
        order = predictive_power(table_of([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 8, 7]), n_resamples=500)
        assert cecv_guides_design.verdict(order).detail == ""

    def test_reliability_needs_two_seeds(self):
        one = table_of([1, 2, 3], [1, 2, 3])
        assert reliability(one).empty
        both = reliability(pd.concat([one, one.assign(seed=1, val_mae=[3, 2, 1])]))
        assert both.set_index("quantity")["rho"].to_dict() == pytest.approx({"score": 1, "val_mae": -1})


class TestFigures:
    TABLE = scores([*REFERENCES, made_up("L-DCNN", [5, 2, 3, 1]), made_up("GRU+att", [5, 2, 4, 1], 2.0)]).assign(
        origin=["paper", "paper", "paper", "round 1"]
    )

    def test_every_candidate_is_a_point_and_the_papers_are_named(self, ax):
        assert drawn.score_against_error(self.TABLE, ax, "GPa") is ax
        assert ax.get_title() == "predicting the mean: 9"
        points = [tuple(point) for each in ax.collections for point in each.get_offsets().tolist()]
        assert sorted(points) == sorted(self.TABLE[["score", "val_mae"]].itertuples(index=False, name=None))
        figure = drawn.score_figure(self.TABLE.assign(dataset="set"), {"set": "One set"}, {"set": "GPa"})
        assert {text.get_text() for text in figure.axes[0].texts} - {""} == {"LSTM", "DCNN-K1", "L-DCNN"}
        assert "GPa" in ax.get_ylabel()

    def test_the_region_is_where_it_is_defined(self, ax):
        target = TestTargetRegion.REGION
        region = drawn.Region(THRESHOLDS, {"global": target.global_curve}, target.bounds(), {"one": [0.1] * 4})
        drawn.region_curves(region, ax)
        area = ax.collections[0]
        low, high = target.bounds()
        corners = area.get_paths()[0].vertices
        assert {*zip(THRESHOLDS, low, strict=True), *zip(THRESHOLDS, high, strict=True)} <= set(map(tuple, corners))

    def test_correlations_have_a_line_for_each_predictor_and_set(self, ax):
        power = predictive_power(table_of([1, 2, 3, 4], [1, 2, 4, 3]), n_resamples=20)
        drawn.correlations(power, ax, {"score": "CECV", "n_parameters": "size"}, {"set": "one set", POOLED: "pooled"})
        assert [text.get_text() for text in ax.get_yticklabels()] == ["CECV", "size"]
        assert len(ax.containers) == 4


class TestTables:
    """Tables of the study, of curves and errors worked out by hand."""

    @pytest.fixture
    def evaluations(self):
        origins = {"LSTM": "paper", "DCNN-K1": "paper", "L-DCNN": "paper", "TextCNN": "random", "RNN": "round 1"}
        curves = {"LSTM": [4, 3, 2, 1], "DCNN-K1": [8, 7, 6, 1], "L-DCNN": [5, 2, 3, 1]}
        errors = {"LSTM": 4.0, "DCNN-K1": 5.0, "L-DCNN": 3.0, "TextCNN": 1.0, "RNN": 2.0}
        made = [made_up(name, curves.get(name, [9, 9, 9, 9]), errors[name]) for name in origins]
        return [replace(each, origin=origins[each.candidate]) for each in made]

    def test_the_papers_networks_are_lines_with_their_sizes(self):
        table = design.network_table()
        assert table.loc["L-G-DCNN"].tolist() == ["LSTM+att>GRU+att>DCNN", 8_635_911]

    def test_candidates_are_ranked_by_score_with_their_errors(self, evaluations):
        table = design.candidate_table(scores(evaluations))
        assert list(table.index[:2]) == ["LSTM", "L-DCNN"]
        assert table.loc["TextCNN", [BULK, "mean rank"]].tolist() == [1.0, 1.0]
        assert table.loc["DCNN-K1", "mean rank"] == 5

    def test_ranks_are_of_candidates_alone_and_proposals_count_together(self, evaluations):
        table = design.rank_table(scores(evaluations))
        assert list(table.index) == ["L-DCNN", "random networks", "proposed networks"]
        assert table["rank by MAE"].tolist() == [3, 1, 2]
        assert table.loc["L-DCNN", "rank by score"] == 1

    def test_how_far_a_network_is_above_the_global_one_is_a_mean_over_large_thresholds(self, evaluations):
        table = design.above_global(evaluations)
        large = [place for place, threshold in enumerate(THRESHOLDS) if threshold > 0.2]
        expected = sum(([5, 2, 3, 1][place] - [4, 3, 2, 1][place]) / 10 for place in large) / len(large)
        assert table.loc["L-DCNN", BULK] == pytest.approx(expected)
        assert "LSTM" not in table.index

    def test_the_study_says_how_much_was_trained(self, evaluations):
        recipe = {"epochs": 9, "batch_size": 128}
        (row,) = design.study_table([replace(each, recipe=recipe) for each in evaluations]).to_dict("records")
        assert row == {
            **{"networks": 5, "epochs": 9, "batch size": 128, "formulas": 10, "in the CECV": 10},
            "minutes": pytest.approx(10 / 60),
        }

    def test_our_definition_is_the_first_of_several(self, evaluations):
        table = design.definition_table(evaluations, n_resamples=20)
        assert table.index[0] == "ours"
        assert list(table.index[-2:]) == ["height of the curve", "distance to the LSTM's height"]
        power = design.predictive_power(scores(evaluations), n_resamples=20)
        ours = power[(power["predictor"] == "score") & (power["dataset"] == BULK)].iloc[0]
        assert table.loc["ours", BULK].startswith(f"{ours['rho']:+.2f} (")


class TestRecords:
    def test_a_record_comes_back_as_it_was_and_is_never_overwritten(self, tmp_path):
        study = Study("local", tmp_path)
        written = made_up("LSTM+att>DCNN|MLP", [5, 2, 3, 1])
        study.write(written)
        assert list(study.keys()) == [written.key] == [f"{BULK}/LSTM+att--DCNN---MLP_seed0"]
        assert study.read(written.key) == written
        last = list(study.read(written.key).layers().values())[-1]
        assert isinstance(last, CECV)
        np.testing.assert_allclose(last.normalised, [0.5, 0.2, 0.3, 0.1])
        with pytest.raises(RecordExists):
            study.write(written)

    def test_an_edited_record_is_refused(self, tmp_path):
        study = Study("local", tmp_path)
        written = made_up("LSTM", [5, 2, 3, 1], val_mae=1.5)
        study.write(written)
        file = tmp_path / written.key / "record.json"
        file.write_text(file.read_text().replace("1.5", "1.4"))
        with pytest.raises(BrokenRecord, match="was edited"):
            study.evaluations()


@pytest.fixture
def task(monkeypatch, benchmark_data):
    """Bulk modulus, 60 compounds to train on and 20 to validate, one epoch."""
    from lgdcnn_core import benchmarks

    whole = benchmarks.load(BULK)
    small = whole._replace(train=whole.train[:60], val=whole.val[:20], test=whole.test[:0])
    monkeypatch.setattr(benchmarks, "load", lambda *_, **__: small)
    return Task(BULK, None, brief(epochs=1, batch_size=32))


def test_a_whole_search_is_run_once_and_read_the_second_time(task, tmp_path):
    study, made = Study("local", tmp_path), []
    plan = Plan((task,), start=("DCNN-K1",), n_random=1, rounds=1, per_round=1)
    first = search(plan, study, made.append)
    assert first[:2] == ["LSTM", "DCNN-K1"]
    assert len(first) == len(made) == len(study.evaluations()) == 4
    assert [each.origin for each in made] == ["paper", "paper", "random", "round 1"]
    assert search(plan, study, made.append) == first
    assert len(made) == 4
    assert len(ranking(scores(study.evaluations()))) == 2

    assert repeat(plan, first[:2], 7, study, made.append) == first[:2]
    assert {each.seed for each in study.evaluations()} == {0, 7}


def test_a_search_that_is_out_of_time_says_what_it_has(task, tmp_path):
    assert search(Plan((task,)), Study("local", tmp_path), until=0.0) == []


def test_an_evaluation_never_sees_test_data_and_reads_every_layer(task):
    found = evaluate("LSTM+att>TextCNN+res", task, seed=1)
    assert set(found.inputs) == {"train", "val"}
    assert list(found.layers()) == ["LSTM output", "soft attention", "TextCNN output", "residual"]
    assert all(each.n_compounds <= found.n_formulas for each in found.layers().values())
    assert len(found.learning_curve["loss"]) == 1
    assert found.val_mae > 0


def test_a_regressor_of_a_spec_is_saved_and_loaded(task, tmp_path):
    data = pd.DataFrame({"formula": ["Fe2O3", "SrTiO3", "NaCl", "LiFePO4"], "target": [1.0, 2.0, 3.0, 4.0]})
    fitted = CompositionRegressor("DCNN-K1+res>identity+att|MLP", brief(1, 4), progress=False).fit(data)
    loaded = CompositionRegressor.load(fitted.save(tmp_path / "model.safetensors"))
    assert np.array_equal(loaded.predict(data), fitted.predict(data))
