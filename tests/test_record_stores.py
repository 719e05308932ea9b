"""The stores of all kinds of records: what they share holds for every kind."""

import json
import re
import shutil

import pytest
from made_up_records import made_up

from lgdcnn_core.benchmarks import location
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion import design, readings, runs, speed, tuning, uncertainty
from lgdcnn_core.companion.records import places, sealed
from lgdcnn_core.companion.runs import BrokenRecord, RunSpec, Store, joint, weights

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
        uncertainty.committed_crossfits(),
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
            record = store.kind.from_json(store.text(key), key)
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


def test_every_committed_run_is_of_todays_recipe_so_that_networks_are_compared_that_were_trained_alike():
    store = runs.committed_store()
    changed = {key: record.changed_since() for key in store.keys() for record in [store.read(key)]}  # noqa: SIM118
    assert {key: names for key, names in changed.items() if names} == {}


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


@pytest.fixture(params=stores(), ids=lambda store: store.path.relative_to(TOP).as_posix())
def copied(request, tmp_path):
    """A store of each kind with one record of the committed one, the record's key, and its directory."""
    committed = request.param
    key = next(committed.keys())
    store = type(committed)("local", tmp_path / "copy")
    shutil.copytree(committed.path / key, store.path / key)
    assert store.read(key).key == key
    return store, key, store.path / key


def as_directory(file):
    file.unlink()
    file.mkdir()


DAMAGE = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "not UTF-8": lambda file: file.write_bytes(b"\xff" + file.read_bytes()),
    "nested deeply": lambda file: file.write_bytes(b"[" * 200_000),
    "another JSON": lambda file: file.write_text("[1]"),
    "no number": lambda file: file.write_text('{"sha256": "", "a": NaN}'),
    "half a character": lambda file: file.write_text('{"sha256": "", "a": "\\ud800"}'),
    "a directory": as_directory,
    "removed": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_of_a_record_of_any_kind_is_refused_with_its_name(copied, damage):
    store, key, directory = copied
    for file in sorted(directory.iterdir()):
        content = file.read_bytes()
        damage(file)
        others = [each for each in directory.iterdir() if each != file]
        if others or file.exists():
            with pytest.raises(BrokenRecord, match=rf"(?s){re.escape(file.name)}.*Restore its directory") as caught:
                store.read(key)
            assert store.title(key) in str(caught.value)
            assert key in store
        else:
            with pytest.raises(KeyError, match=r"no .* of the local store"):
                store.read(key)
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
        file.write_bytes(content)
    assert store.read(key).key == key


def test_a_file_in_the_place_of_a_record_is_refused_with_its_name(copied):
    store, key, directory = copied
    shutil.rmtree(directory)
    directory.write_text("a file")
    with pytest.raises(BrokenRecord, match=re.escape(key)):
        store.read(key)
    assert key in store


def test_a_record_whose_specification_this_package_does_not_know_is_refused_with_its_name(tmp_path):
    store = Store("local", tmp_path)
    record, files = made_up(RunSpec("matbench_steels", fold=0))
    store.write(record, files)
    content = json.loads(store.text(record.key))
    del content["sha256"]
    version = content.pop("format")
    for name, value in {"dataset": "matbench_wood", "colour": "red"}.items():
        text = sealed.seal(content | {"spec": content["spec"] | {name: value}}, version)
        (tmp_path / record.key / "record.json").write_text(text)
        with pytest.raises(
            BrokenRecord, match=f"{record.key} of the local store comes from another version.*({value}|{name})"
        ):
            store.read(record.key)


def test_an_empty_directory_is_no_record_and_does_not_keep_one_from_being_written(tmp_path):
    store = Store("local", tmp_path)
    record, files = made_up(RunSpec("matbench_steels", fold=0))
    (tmp_path / record.key).mkdir(parents=True)
    assert record.key not in store
    store.write(record, files)
    assert store.read(record.key) == record


def test_records_of_every_other_kind_within_the_directory_of_the_runs_are_not_taken_for_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    for committed in stores():
        if not isinstance(committed, Store):
            local = type(committed)("local", tmp_path / committed.path.relative_to(TOP / "data"))
            key = next(committed.keys())
            shutil.copytree(committed.path / key, local.path / key)
            assert list(local.keys()) == [key]
    speed.SpeedStore.local().write(speed.SpeedRecord(**SPEED))
    assert runs.load_records([runs.local_store()]).empty
    runs.local_store().write(*made_up(RunSpec("matbench_steels", fold=0)))
    assert len(runs.load_records([runs.local_store()])) == 1


def test_without_a_checkout_records_and_weights_are_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("LGDCNN_RUNS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(places, "checkout", lambda: None)
    cache = location.cache()
    assert cache.name == "lgdcnn"
    spec = RunSpec("matbench_steels", fold=0)
    assert weights.file_of_weights(spec) == cache / "weights" / f"{spec.key}.safetensors"
    assert [store.path for store in Store.both()] == [cache / "runs"]
    assert design.committed_study("a") is None
    assert design.local_study("a").path == cache / "design" / "a"
