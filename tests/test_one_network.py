"""One network for the properties of all extended sets: trained once, kept small, and measured on each set."""

from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file
from test_execution import tiny_split

from lgdcnn_core import CompositionRegressor, training
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.figures import cells
from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.runs import InvalidSpec, JointSpec, RunSpec, joint, parts, weights

BULK, MOMENT = "aflow__ael_bulk_modulus_vrh", "mp_mu_b"
RECIPE = training.TOGETHER.with_changes(epochs=3)


@pytest.fixture
def tiny(monkeypatch, tmp_path, store):
    """Two extended sets of 40 compounds, of which the second has the first one's targets with the other sign."""

    def load(name, fold=None):
        split = tiny_split()
        return split if name == BULK else type(split)(*(part.assign(target=-part["target"]) for part in split))

    def side_by_side(part):
        table = getattr(tiny_split(), part).reset_index(drop=True)
        return pd.DataFrame({"formula": table["formula"], BULK: table["target"], MOMENT: -table["target"]})

    train = side_by_side("train")
    train.loc[:9, BULK] = np.nan
    monkeypatch.setattr(parts.benchmarks, "load", load)
    monkeypatch.setattr(parts.benchmarks, "without_kin", lambda part, name: part[10:] if name == BULK else part)
    monkeypatch.setattr(joint.benchmarks, "masked_joint_table", lambda: train)
    monkeypatch.setattr(joint.benchmarks, "joint_validation", lambda: side_by_side("val"))
    monkeypatch.setitem(training.RECIPES, "joint", RECIPE)
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))

    def execute(spec, **options):
        where = {"store": store, "checkpoints": tmp_path / "checkpoints"}
        return runs.execute(spec, **where | options, device="cpu", progress=False)

    return execute


def spec_of(dataset, **changes):
    return RunSpec(dataset, **{"model": "DCNN-K1", "recipe": "joint"} | changes)


def test_one_training_gives_a_record_on_each_set(tiny, store, tmp_path):
    first, second = (tiny(spec_of(name)) for name in (BULK, MOMENT))
    source = JointSpec("DCNN-K1", recipe="joint")
    assert first.spec.source == second.spec.source == source
    made = joint.joint_record(source)
    assert made.n_known == {BULK: 18, MOMENT: 28}
    assert (first.n_train, second.n_train) == (18, 28)
    assert (first.n_train_distinct, second.n_train_distinct) == (18, 28)
    # Validation errors, in standard deviations and over both sets, choose the epoch of the one network.
    errors = made.learning_curve["val_error"]
    assert len(errors) == RECIPE.epochs
    assert errors[made.best_epoch - 1] == min(errors)
    assert first.best_epoch == second.best_epoch == made.best_epoch
    assert first.learning_curve["epoch"] == []
    assert first.seconds["training"] == second.seconds["training"] == made.seconds
    assert first.validation_chose.endswith("over the validation parts of all sets")
    assert made.judged[0] == BULK
    assert set(made.inputs) == {"train", "val"}
    # Targets of the sets are of opposite signs, and so are the predictions.
    predicted = [store.predictions(spec_of(name).key)["predicted"] for name in (BULK, MOMENT)]
    assert (predicted[0] > 0).all()
    assert (predicted[1] < 0).all()
    for record in (first, second):
        test, val = store.predictions(record.key), store.validation(record.key)
        assert record.metrics["mae"] == pytest.approx((test["predicted"] - test["actual"]).abs().mean())
        assert record.metrics["val_mae"] == pytest.approx((val["predicted"] - val["actual"]).abs().mean())
        assert (test["uncertainty"] > 0).all()


def test_the_records_are_of_the_weights_that_are_kept_in_bfloat16(tiny, store, tmp_path):
    record = tiny(spec_of(BULK))
    source = record.spec.source
    file = tmp_path / "data" / "weights" / f"{source.key}.safetensors"
    assert joint.joint_record(source).weights == record.inputs["source"] == sha256(file.read_bytes()).hexdigest()
    kinds = {str(value.dtype) for name, value in load_file(file).items() if "element_vectors" not in name}
    assert "torch.bfloat16" in kinds
    network = CompositionRegressor.load(file, device="cpu")
    expected = store.predictions(record.key)
    predicted = network.predict(expected["formula"])[:, network.properties_.index(BULK)]
    np.testing.assert_array_equal(predicted.astype(np.float32), expected["predicted"])
    assert not list((tmp_path / "data" / "weights").rglob("*.partial"))
    assert not list((tmp_path / "checkpoints").rglob("*.pt"))


def test_a_model_kept_in_bfloat16_has_half_the_bytes_and_nearly_the_same_predictions(tmp_path):
    train = tiny_split().train
    model = CompositionRegressor("DCNN-K1", training.FAST.with_changes(epochs=2), device="cpu", progress=False)
    model.fit(train)
    whole, half = model.save(tmp_path / "whole.safetensors"), model.save(tmp_path / "half.safetensors", half=True)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    loaded = CompositionRegressor.load(half, device="cpu")
    np.testing.assert_allclose(loaded.predict(train), model.predict(train), rtol=0.05)
    assert {str(parameter.dtype) for parameter in loaded.network_.parameters()} == {"torch.float32"}


def test_it_is_a_column_of_its_own(tiny, store):
    for name in (BULK, MOMENT):
        tiny(spec_of(name))
    records = runs.load_records([store])
    shown = cells.by_configuration(runs.summarise(records))
    assert shown["column"].tolist() == ["DCNN-K1, one network, 18 properties"] * 2
    assert runs.load_curves(records, [store]).empty


def test_a_joint_training_has_one_key_a_recipe_and_old_ones_keep_theirs():
    assert JointSpec().key == "joint/L-G-DCNN_pretraining_exact_seed0"
    assert JointSpec().as_dict() == {"model": "L-G-DCNN", "setting": "exact", "seed": 0}
    masked = JointSpec(seed=1, recipe="joint")
    assert masked.key == "joint/L-G-DCNN_joint_exact_seed1"
    assert JointSpec(**masked.as_dict()) == masked
    assert masked.full_recipe().epochs == 12
    assert masked.full_recipe().batch_size == 1024
    assert RunSpec(BULK, recipe="joint", seed=1).source == masked


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: JointSpec(recipe="fast"), "a joint training uses 'pretraining' or 'joint', not 'fast'"),
        (lambda: RunSpec("matbench_steels", fold=0, recipe="joint"), "covers only the extended sets"),
        (lambda: RunSpec(BULK, recipe="joint", refit=True), "refit is False"),
        (lambda: RunSpec(BULK, recipe="joint", epochs=3), "epochs is None"),
        (lambda: RunSpec(BULK, recipe="joint", train_fraction=0.5), "train_fraction is 1"),
        (lambda: weights.file_of_weights(RunSpec(BULK, recipe="joint")), "those of joint/L-G-DCNN_joint_exact_seed0"),
    ],
)
def test_what_the_joint_network_cannot_do_is_refused(make, reason):
    with pytest.raises(InvalidSpec, match=reason):
        make()


def test_all_extended_sets_may_be_judged(tiny):
    assert all(RunSpec(name, recipe="joint").source.masked for name in joint.benchmarks.names("extended"))
    transfers = {name: RunSpec(name, recipe="joint-transfer") for name in joint.benchmarks.names("extended")}
    few = joint.benchmarks.few_compounds()
    assert {name for name, spec in transfers.items() if not spec.source.masked} == set(few)
    assert transfers["OQMD_Bandgap"].source == RunSpec("OQMD_Bandgap", recipe="joint").source
