"""Records of what layers say: made, kept, refused, read by the notebooks."""

import json
import os
import re
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import torch
from made_up_records import made_up

from lgdcnn_core import CompositionRegressor, cecv
from lgdcnn_core.benchmarks import Split
from lgdcnn_core.companion import readings, runs
from lgdcnn_core.companion.claims import cecv_vector
from lgdcnn_core.companion.readings import ForeignWeights, NoReading, ReadingSpec, chemistry, features, network
from lgdcnn_core.companion.readings import __main__ as command
from lgdcnn_core.companion.readings import environments as cecv_readings
from lgdcnn_core.companion.records import places, sealed
from lgdcnn_core.companion.records.sealed_record import made, plain
from lgdcnn_core.companion.runs import BrokenRecord, InvalidSpec, RecordExists, RunSpec, parts, weights
from lgdcnn_core.composition import parse
from lgdcnn_core.models import build
from lgdcnn_core.training import Layout

RUN = RunSpec("CritExam__Ef", model="L-DCNN", epochs=1)
LAYERS = ["LSTM output", "DCNN block 1", "DCNN block 2", "DCNN block 3"]


def small_split():
    """Compounds of two to five elements, half of them with Si."""
    rng = np.random.default_rng(0)
    partners = ["O", "Fe", "Al", "Ca", "N", "Cl", "S", "Ni", "H", "Na"]
    formulas = []
    for number in range(150):
        others = rng.choice(partners, size=rng.integers(1, 5), replace=False)
        symbols = ["Si", *others] if number % 2 else ["Mg", *others]
        formulas.append("".join(f"{symbol}{rng.integers(1, 5)}" for symbol in symbols))
    table = pd.DataFrame({"formula": formulas, "target": rng.normal(size=150)})
    return Split(table[:30], table[30:40], table[40:].reset_index(drop=True))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A run of 30 compounds with its weights, in stores of this module's own."""
    directory = tmp_path_factory.mktemp("readings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LGDCNN_RUNS", str(directory / "runs"))
        patch.setattr(parts.benchmarks, "load", lambda name, fold=None: small_split())
        patch.setattr(places, "checkout", lambda: directory)
        runs.execute(RUN, device="cpu", progress=False, weights=True, checkpoints=directory)
        yield directory


@pytest.fixture(scope="module")
def environments(workplace):
    return readings.cecv(RUN, "Si")


@pytest.fixture(scope="module")
def maps(workplace):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings.library.embedding_readings, "RAREST", 2)
        yield readings.embeddings(RUN, "Si")


def weights_of(spec):
    return weights.file_of_weights(spec)


# The specification


def test_a_key_is_the_runs_and_names_part_and_element():
    assert ReadingSpec("cecv", RUN, "Si", "val").key == f"{RUN.key}/val_Si"
    assert ReadingSpec("cecv", RUN, "Si", trained=False).key == f"{RUN.key}/test_Si_untrained"


def test_a_specification_is_made_again_of_its_plain_values():
    spec = ReadingSpec("embeddings", RUN, "O")
    assert made(ReadingSpec, json.loads(json.dumps(plain(spec)))) == spec


@pytest.mark.parametrize("wrong", [{"kind": "efm"}, {"kind": "cecv", "element": "Xx"}, {"kind": "cecv", "part": "all"}])
def test_a_wrong_specification_is_refused(wrong):
    with pytest.raises(InvalidSpec):
        ReadingSpec(**{"run": RUN} | wrong)


# CECV


def test_a_reading_has_what_reading_the_network_gives(environments):
    """The record against the network, run here over the whole data set."""
    assert environments.layers == LAYERS
    model = CompositionRegressor.load(weights_of(RUN), device="cpu")
    direct = cecv.layer_efms(model.network_, model.batches(small_split().test), focus=14)
    rows = np.concatenate([direct.rows[size] for size in cecv.SIZES])
    assert environments.compounds["row"].tolist() == rows.tolist()
    for layer in LAYERS:
        for size, stack in environments.efms(layer).items():
            assert stack.dtype == np.float32
            np.testing.assert_allclose(stack, direct.efms[layer][size], atol=1e-5)
        for rule in cecv.RULES:
            counts = direct.cecvs(rule=rule)[layer].counts_by_size
            # A pair of compounds a rounding away from a threshold may go either way.
            assert np.abs(environments.cecv(layer, rule).counts_by_size - counts).max() <= 1


@pytest.mark.parametrize("rule", list(cecv.RULES))
def test_counts_and_labels_are_those_of_the_stored_efms(environments, rule):
    for layer in LAYERS:
        efms = environments.efms(layer)
        again = cecv.CECV.from_efms(efms, rule=rule)
        recorded = environments.cecv(layer, rule)
        assert (recorded.thresholds, recorded.sizes) == (again.thresholds, again.sizes)
        np.testing.assert_array_equal(recorded.counts_by_size, again.counts_by_size)
        np.testing.assert_array_equal(recorded.compounds_by_size, again.compounds_by_size)
        labels = environments.labels(layer, 0.1, rule)
        expected = np.concatenate([cecv.clusters(stack, 0.1, rule) for stack in efms.values()])
        np.testing.assert_array_equal(labels, expected)


def test_rows_of_the_stored_efms_can_be_put_into_another_order(environments):
    layer, size = LAYERS[-1], 3
    chosen = environments.compounds["size"] == size
    elements = np.array(environments.compounds.loc[chosen, "elements"].tolist())
    recorded, by_number = environments.efms(layer)[size], environments.efms(layer, "atomic number")[size]
    for numbers, before, after in zip(elements, recorded, by_number, strict=True):
        order = np.argsort(numbers)
        np.testing.assert_array_equal(after, before[np.ix_(order, order)])
    table = cecv_vector.row_orders(environments, layer)
    assert list(table) == ["electronegativity", "atomic number"]
    assert (table.sub(environments.cecv(layer).counts, axis=0) != 0).to_numpy().any()


def test_labels_at_a_threshold_that_is_not_recorded_are_made_of_the_efms(environments):
    labels = environments.labels(LAYERS[0], 0.123)
    assert len(labels) == len(environments.compounds)
    assert labels.max() >= 0


def test_compounds_are_those_with_the_element_by_size_in_data_set_order(environments):
    test = small_split().test
    table = environments.compounds
    assert table["formula"].tolist() == test["formula"].iloc[table["row"]].tolist()
    assert table["size"].is_monotonic_increasing
    assert all(group["row"].is_monotonic_increasing for _, group in table.groupby("size"))
    compositions = parse(test["formula"])
    wanted = [
        row
        for row in range(len(test))
        if 14 in compositions[[row]].atomic_numbers and compositions.lengths[row] in cecv.SIZES
    ]
    assert sorted(table["row"]) == wanted
    assert all(14 in elements for elements in table["elements"])


def test_an_element_that_is_nowhere_is_named(workplace):
    with pytest.raises(cecv.CECVError, match="Pu"):
        readings.cecv(RUN, "Pu")


def test_compounds_that_the_published_setting_would_cut_are_not_read(workplace):
    model = CompositionRegressor.load(weights_of(RUN), device="cpu")
    model.layout_ = Layout("published", n_max=3)
    with pytest.raises(cecv.CECVError, match="cuts all compounds to 3"):
        cecv_readings.measure(ReadingSpec("cecv", RUN), network.Trained(model, small_split().test, {}))


def test_a_published_setting_can_be_read_too(workplace):
    spec = RunSpec("CritExam__Ef", model="DCNN-K1", setting="published", epochs=1)
    runs.execute(spec, device="cpu", progress=False, weights=True, checkpoints=workplace)
    assert readings.cecv(spec, "Si").cecv("DCNN block 3").n_compounds > 0


# Embeddings


def test_maps_have_a_point_for_each_element_compound_and_environment(maps):
    assert maps.layers == ["embedding", *LAYERS]
    test = small_split().test
    per_layer = maps.compounds.groupby("layer").size()
    assert per_layer.to_dict() == dict.fromkeys(LAYERS, len(test))
    assert maps.compounds[["x", "y"]].notna().all(axis=None)
    one = maps.compounds[maps.compounds["layer"] == LAYERS[0]]
    np.testing.assert_array_equal(one["target"], test["target"].iloc[one["row"]])
    assert maps.environments["formula"].str.contains("Si").all()
    assert set(maps.environments["environment"]) <= set(chemistry.environments_in_order(14))
    assert 14 in set(maps.elements["atomic_number"])


def test_correlations_are_symmetric_with_ones_on_the_diagonal(maps):
    matrix = maps.correlations("embedding")
    assert list(matrix.index) == sorted(set(maps.elements["atomic_number"]))
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diagonal(matrix), 1)
    assert matrix.abs().max(axis=None) <= 1


def test_order_is_a_share_and_the_embedding_has_no_compounds(maps):
    order = maps.order()
    assert list(order.index) == maps.layers
    assert order["same_group"].between(0, 1).all()
    assert order.loc["embedding", ["same_environment", "neighbour_error"]].isna().all()
    assert order.loc[LAYERS, "same_environment"].between(0, 1).all()


def test_neighbours_of_atoms_are_kept_and_give_the_recorded_share(maps):
    assert maps.neighbours("embedding") is None
    for layer in LAYERS:
        kinds = maps.environments.loc[maps.environments["layer"] == layer, "environment"].to_numpy()
        neighbours = maps.neighbours(layer)
        assert neighbours.shape == (len(kinds), 10)
        assert not (neighbours == np.arange(len(kinds))[:, None]).any()
        assert (kinds[neighbours] == kinds[:, None]).mean() == pytest.approx(
            maps.order().loc[layer, "same_environment"]
        )


def test_purities_of_all_layers_have_a_null(maps):
    found = readings.order.of_maps(maps, permutations=30)
    assert found.loc["group"].index.tolist() == maps.layers
    assert found.loc["environment"].index.tolist() == LAYERS
    assert found["p"].between(1 / 31, 1).all()
    assert (found["low"] <= found["null"]).all()
    correlations = maps.correlations("embedding")
    alike = [
        chemistry.block(number) == chemistry.block(other)
        for number in correlations.index
        for other in correlations[number].drop(number).nlargest(3).index
    ]
    assert found.loc[("block", "embedding"), "share"] == pytest.approx(np.mean(alike))


def test_a_network_can_be_read_before_its_training(maps):
    """Its embedding is a table, which training does not change; all that comes behind it is another."""
    untrained = readings.embeddings(RUN, "Si", trained=False)
    assert untrained.record.source == maps.record.source
    purities = readings.order.of_maps(maps, untrained, permutations=30)
    alone = readings.order.of_maps(maps, permutations=30)
    assert alone.pop("untrained").isna().all()
    pd.testing.assert_frame_equal(purities.drop(columns="untrained"), alone)
    before = readings.order.of_maps(untrained, permutations=1)["share"]
    np.testing.assert_array_equal(purities["untrained"], before)
    embedding = purities.xs("embedding", level="layer")
    assert (embedding["share"] == embedding["untrained"]).all()
    errors = readings.order.errors(maps, untrained)
    pd.testing.assert_series_equal(errors["untrained"], untrained.order()["neighbour_error"], check_names=False)
    assert readings.order.errors(maps)["untrained"].isna().all()
    weights = CompositionRegressor.load(weights_of(RUN), device="cpu").network_
    initial = network.trained(ReadingSpec("embeddings", RUN, trained=False)).model.network_
    expected = build(RUN.model, seed=RUN.seed)
    for name, tensor in initial.state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[name]), name
    assert any(not torch.equal(tensor, weights.state_dict()[name]) for name, tensor in initial.state_dict().items())


def test_a_network_that_starts_from_a_trained_one_has_no_untrained_state():
    with pytest.raises(InvalidSpec, match="starts from a trained network"):
        ReadingSpec("embeddings", RunSpec("mp_mu_b", recipe="joint-transfer"), trained=False)


def test_layers_are_put_into_the_order_of_the_network(maps):
    assert maps.in_order(["DCNN block 3", "embedding"]) == ["embedding", "DCNN block 3"]
    with pytest.raises(KeyError, match=r"no layer is called 'GRU'.*LSTM output"):
        maps.in_order(["GRU"])


def test_environments_are_compared_among_compounds_with_as_many_elements(environments):
    shares, compounds = readings.order.shares_by_compound(environments), environments.compounds
    sizes = compounds["size"].value_counts()
    kept = compounds[compounds["size"].isin(sizes.index[sizes > 10])].reset_index(drop=True)
    assert shares.index.tolist() == kept["row"].tolist()
    assert list(shares) == LAYERS
    # One compound by hand: its ten nearest among those of its size.
    place, layer = len(kept) - 1, LAYERS[-1]
    size = kept["size"][place]
    alike = kept[kept["size"] == size]
    entries = environments.efms(layer)[size][:, *np.triu_indices(size, k=1)]
    apart = np.linalg.norm(entries - entries[-1], axis=1)[:-1]
    kinds = [chemistry.environment(numbers.tolist(), 14) for numbers in alike["elements"]]
    expected = np.mean([kinds[each] == kinds[-1] for each in np.argsort(apart)[:10]])
    assert shares[layer].iloc[place] == pytest.approx(expected)
    table = readings.order.of_efms(environments, permutations=20)
    np.testing.assert_allclose(table["share"], shares.mean())


def test_features_are_means_over_the_elements_and_over_the_compounds(workplace):
    model = CompositionRegressor.load(weights_of(RUN), device="cpu")
    formulas = np.array(["SiO2", "Fe2O3", "Mg2SiO4"], dtype=object)
    read = features.read(model, formulas, 14, np.array([0, 2]), np.array([0, 2]))
    alone = {}
    with cecv.LayerReader(model.network_) as reader:
        for formula in formulas:
            ((inputs, lengths, numbers, *_),) = model.batches([formula])
            model.network_(*inputs)
            alone[formula] = (np.asarray(numbers)[0], reader.outputs(lengths)["LSTM output"][0])
    assert read.counts[[8, 14, 26, 12]].tolist() == [3, 2, 1, 1]
    oxygen = np.mean([vectors[numbers == 8][0] for numbers, vectors in alone.values()], axis=0)
    np.testing.assert_allclose(read.elements["LSTM output"][8], oxygen, atol=1e-5)
    for place, formula in enumerate(("SiO2", "Mg2SiO4")):
        numbers, vectors = alone[formula]
        np.testing.assert_allclose(read.compounds["LSTM output"][place], vectors.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(read.focus["LSTM output"][place], vectors[numbers == 14][0], atol=1e-5)


@pytest.mark.parametrize(
    ("elements", "name"),
    [
        ([14, 8, 26], "Si-O"),
        ([14, 7, 9], "Si-N"),
        ([14, 9, 16], "Si-halogen"),
        ([14, 16, 26], "Si-S, Se, Te"),
        ([14, 6, 26], "Si-other non-metal"),
        ([14, 26, 28], "Si-metal"),
        ([14], "Si, pure"),
    ],
)
def test_an_environment_is_named_by_its_first_partner(elements, name):
    assert chemistry.environment(elements, 14) == name
    assert name in chemistry.environments_in_order(14)


def test_the_focus_element_is_no_partner_of_its_own():
    assert chemistry.environment([8, 26], 8) == "O-metal"


def test_lanthanides_and_actinides_have_no_group():
    assert [chemistry.group(number) for number in (3, 14, 57, 60, 92)] == ["1", "14", "f", "f", "f"]
    assert [chemistry.block(number) for number in (3, 14, 26, 92)] == ["s", "p", "d", "f"]


# Provenance


def test_a_record_says_where_it_comes_from(environments, workplace):
    record = environments.record
    run = workplace / "runs" / RUN.key / "record.json"
    assert record.source["run"] == sealed.sha256(run.read_bytes())
    assert record.source["weights"] == sealed.sha256(weights_of(RUN).read_bytes())
    assert record.source["data"] == json.loads(run.read_text())["inputs"]["test"]
    assert set(record.seconds) == {"layers", *cecv.RULES}
    assert record.peak_memory["host"] > 0
    text = (workplace / "runs" / "cecv" / record.spec.key / "record.json").read_text()
    assert str(workplace) not in text
    assert len(text.splitlines()) == len(fields(record)) + 4


def test_a_record_is_read_and_not_made_again(environments, monkeypatch):
    monkeypatch.setattr(readings.library, "make", None)
    assert readings.cecv(RUN, "Si").record == environments.record


def test_a_record_is_the_same_when_made_again(environments):
    again = readings.cecv(RUN, "Si", recompute=True)
    pd.testing.assert_frame_equal(again.compounds, environments.compounds)
    for layer in LAYERS:
        for size, stack in environments.efms(layer).items():
            np.testing.assert_allclose(again.efms(layer)[size], stack, atol=1e-5)


def test_a_record_is_never_overwritten(environments):
    with pytest.raises(RecordExists, match="test_Si"):
        readings.make(environments.record.spec, readings.local("cecv"))


@pytest.mark.parametrize("file", ["record.json", "environments.parquet"])
def test_a_record_that_was_changed_is_refused_with_its_name(workplace, file):
    made = readings.cecv(RUN, "Al").record
    path = workplace / "runs" / "cecv" / made.spec.key / file
    content = path.read_bytes()
    path.write_bytes(content.replace(b"leader", b"Leader") if file.endswith("json") else content[:-1] + b"0")
    with pytest.raises(BrokenRecord, match=re.escape(made.spec.key)):
        readings.cecv(RUN, "Al")
    readings.local("cecv").discard(made.spec)


def test_a_record_under_another_name_is_refused(environments):
    store = readings.local("cecv")
    key = environments.record.spec.key
    os.rename(store.path / key, store.path / key.replace("_Si", "_Ge"))
    try:
        with pytest.raises(BrokenRecord, match="holds the reading"):
            store.read(key.replace("_Si", "_Ge"))
    finally:
        os.rename(store.path / key.replace("_Si", "_Ge"), store.path / key)


def test_a_committed_record_comes_before_a_local_one(environments, workplace):
    committed = readings.committed("cecv")
    assert committed.path == workplace / "data" / "cecv"
    record, files = readings.local("cecv").read_with_files(environments.record.spec.key)
    committed.write(record, files)
    try:
        found = readings.cecv(RUN, "Si")
        assert found.store.name == "committed"
        assert list(committed.keys()) == [record.spec.key]
        told = readings.origin(found)
        assert told["records"].to_dict("records") == [{"store": "committed", "key": f"cecv/{record.spec.key}"}]
        assert (told["stores"][0].path / told["records"]["key"][0] / "record.json").is_file()
    finally:
        committed.discard(record.spec)


def test_a_reading_of_another_training_is_refused(environments, monkeypatch):
    monkeypatch.setattr(readings.library, "sha256_of_record", lambda *_: "0" * 64)
    with pytest.raises(NoReading, match="another training"):
        readings.cecv(RUN, "Si")


def test_without_record_and_network_the_way_out_is_said(workplace):
    absent = RunSpec("CritExam__Ef", model="LSTM", epochs=1)
    with pytest.raises(NoReading, match=r"execute\(RunSpec\(.*weights=True"):
        readings.cecv(absent)
    with pytest.raises(NoReading, match="embeddings of CritExam__Ef/LSTM"):
        readings.embeddings(absent)


def test_a_record_outlives_a_failed_recomputation(workplace, environments, monkeypatch):
    monkeypatch.setattr(network, "file_of_weights", lambda _: workplace / "nothing")
    with pytest.raises(NoReading, match="data/weights has no weights"):
        readings.cecv(RUN, "Si", recompute=True)
    assert len(readings.cecv(RUN, "Si").compounds) == len(environments.compounds)


def test_weights_of_another_training_are_refused(workplace, monkeypatch):
    spec = RunSpec("CritExam__Ef", model="DCNN-K1", epochs=1)
    runs.execute(spec, device="cpu", progress=False, weights=True, checkpoints=workplace)
    right = network.predict
    monkeypatch.setattr(network, "predict", lambda *given: right(*given).assign(predicted=9.0))
    with pytest.raises(ForeignWeights, match="another training"):
        readings.cecv(spec, "Si")


# The command line


def test_the_command_makes_what_is_missing_for_every_network_that_is_here(workplace, capsys):
    options = ["cecv", "--runs", "CritExam__Ef/L-DCNN*", "--elements", "Ca", "Fe"]
    assert command.main(options) == 0
    assert "2 made, 0 there already: the local store" in capsys.readouterr().out
    assert command.main(options) == 0
    assert "0 made, 2 there already" in capsys.readouterr().out
    assert f"{RUN.key}/test_Fe" in readings.local("cecv")
    runs.local_store().write(*made_up(RunSpec("CritExam__Ef", model="RF", recipe="trees")))
    command.main(["cecv", "--elements", "Ca"])  # of all runs: a forest keeps no weights
    assert "1 there already" in capsys.readouterr().out
    command.main(["cecv", "--runs", "nothing*"])
    assert "0 made, 0 there" in capsys.readouterr().out
