"""The stores of all kinds of records: what they share holds for every kind."""

import json

import pytest
from made_up_records import made_up

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion import design, readings, runs, speed, tuning
from lgdcnn_core.companion.runs import BrokenRecord, RunSpec, Store, joint

TOP = checkout()
SPEED = {
    **{name: {} for name in ("scope", "prediction", "parsing", "versions")},
    **{name: [] for name in ("products", "copies", "trainings", "memory")},
    **{"device": "NVIDIA H100", "instruction_set": "avx2", "threads": 1, "load": None, "platform": {"processor": "x"}},
    **{"code": None, "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T00:00:13+00:00"},
}


def stores():
    """The committed stores, one a kind and study; not every kind has records in every checkout."""
    studies = sorted(path.name for path in (TOP / "data" / "design").iterdir() if path.is_dir())
    every = [
        runs.committed_store(),
        tuning.committed_trials(),
        readings.committed("cecv"),
        readings.committed("embeddings"),
        speed.committed(),
        joint.committed_joint(),
        *map(design.committed_study, studies),
    ]
    return [store for store in every if store.path.is_dir()]


@pytest.mark.parametrize("store", stores(), ids=lambda store: store.path.relative_to(TOP).as_posix())
class TestCommittedRecords:
    def test_each_is_of_the_key_that_its_place_says_and_is_written_again_as_it_stands(self, store):
        keys = list(store.keys())
        assert keys
        for key in keys:
            record = store.record.from_json(store.text(key), key)
            assert record.key == key
            assert record.to_json() == store.text(key)

    def test_a_figures_origin_leads_to_the_file_of_the_record(self, store):
        key = next(store.keys())
        by_key, by_record = store.origin([key]), store.origin([store.read(key)])
        assert by_key["records"].equals(by_record["records"])
        (place,) = by_key["stores"]
        (found,) = by_key["records"].to_dict("records")
        assert found["store"] == place.name == "committed"
        assert (place.path / found["key"] / "record.json").read_text(encoding="utf-8") == store.text(key)


def test_a_record_without_other_files_is_written_again_as_it_stands(tmp_path):
    store = speed.SpeedStore("local", tmp_path)
    record = speed.SpeedRecord(**SPEED)
    store.write(record)
    assert store.read_with_files("nvidia-h100") == (record, {})
    assert speed.SpeedRecord.from_json(store.text("nvidia-h100"), "").to_json() == store.text("nvidia-h100")
    assert list(json.loads(store.text("nvidia-h100")))[:2] == ["format", "device"]
    assert speed.origin([store])["records"].to_numpy().tolist() == [["local", f"{tmp_path.name}/nvidia-h100"]]


def test_a_record_with_other_files_than_it_states_is_not_written(tmp_path):
    store = Store("local", tmp_path)
    record, files = made_up(RunSpec("matbench_steels", fold=0))
    for wrong in ({}, {name: content + b" " for name, content in files.items()}, files | {"notes.txt": b""}):
        with pytest.raises(AssertionError):
            store.write(record, wrong)
    assert not list(store.keys())


def test_a_record_of_one_kind_is_refused_by_the_store_of_another(tmp_path):
    record, files = made_up(RunSpec("matbench_steels", fold=0))
    Store("local", tmp_path).write(record, files)
    with pytest.raises(BrokenRecord, match=f"trial {record.key} of the local store has format 1"):
        tuning.TrialStore("local", tmp_path).read(record.key)


def test_records_of_other_kinds_go_beside_those_of_runs_or_within_what_the_variable_names(monkeypatch, tmp_path):
    monkeypatch.delenv("LGDCNN_RUNS", raising=False)
    assert [store.path.relative_to(TOP).as_posix() for store in (runs.local_store(), design.local_study("a"))] == [
        "build/runs",
        "build/design/a",
    ]
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    assert [store.path for store in (runs.local_store(), tuning.local_trials(), design.local_study("a"))] == [
        tmp_path,
        tmp_path / "tuning",
        tmp_path / "design" / "a",
    ]
