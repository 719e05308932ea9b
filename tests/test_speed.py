"""The benchmark of speed: what it counts and computes, not how fast this machine is."""

import dataclasses
import json
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from written_notebooks import n_images, shown

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import figures, speed
from lgdcnn_core.companion.claims import Outcome, share_of_peak
from lgdcnn_core.companion.reproduce import notebook
from lgdcnn_core.companion.runs import BrokenRecord, RecordExists
from lgdcnn_core.companion.speed import __main__ as command
from lgdcnn_core.companion.speed import memory, predictions, processor, trainings
from lgdcnn_core.companion.speed.peaks import REPEATS, best_seconds
from lgdcnn_core.companion.speed.record import SpeedRecord
from lgdcnn_core.models import build
from lgdcnn_core.training import FAST

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "11_speed.ipynb"
SMALL_SET = "aflow__ael_bulk_modulus_vrh"

TINY = speed.Scope(
    squares=(16,),
    rows=(8,),
    product_seconds=0.0,
    copied_mebibytes=(1,),
    datasets=(SMALL_SET,),
    models=("DCNN-K1",),
    batch_sizes=(8,),
    case_seconds=0.1,
    memory_compounds=16,
    rows_at_most=24,
)


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def training(**changes):
    """A timed training that never was: 1000 FLOP a second for a second, 10 FLOP a byte."""
    fields = {
        "dataset": "OQMD_Bandgap",
        "model": "L-G-DCNN",
        "recipe": "fast",
        "setting": "exact",
        "precision": "float32",
        "batch_size": 128,
        "steps": 2,
        "compounds": 256,
        "tokens": 768,
        "positions": 768,
        "flop": 1e12,
        "bytes": 1e11,
        "epoch_seconds": [9.0, 2.0, 4.0],
        "n_train": 1024,
    }
    return fields | changes


def record(**changes):
    """A record of a machine that never was: 2 TFLOP/s in float32, 8 in bfloat16, 100 GB/s."""
    products = [
        {"precision": precision, "rows": 8, "width_in": 8, "width_out": 8, "flops": flops}
        for precision, flops in (("float32", 1e12), ("float32", 2e12), ("bfloat16", 8e12))
    ]
    fields = {
        "device": "cpu",
        "instruction_set": "AVX512_CORE_AMX",
        "threads": 2,
        "load": 0.25,
        "scope": TINY.as_dict(),
        "products": products,
        "copies": [{"mebibytes": 512, "bytes_per_second": 1e11}, {"mebibytes": 1, "bytes_per_second": 5e11}],
        "trainings": [
            training(),
            training(batch_size=1024, bytes=1e10),
            training(setting="published", positions=1536, epoch_seconds=[9.0, 5.0, 5.0]),
            training(precision="bfloat16", epoch_seconds=[9.0, 0.5, 0.4]),
            training(recipe="paper", setting="published", batch_size=4096, dataset=SMALL_SET),
        ],
        "prediction": {
            **{"dataset": "OQMD_Bandgap", "model": "L-G-DCNN", "compounds": 1000, "tokens": 3000, "flop": 3e9},
            **{"seconds": 4.0, "network_seconds": 3.0},
        },
        "parsing": {"dataset": "OQMD_Bandgap", "formulas": 5000, "seconds": 2.0},
        "memory": [
            {
                **{"dataset": "OQMD_Bandgap", "model": "L-G-DCNN", "recipe": "fast", "setting": "exact"},
                **{"precision": "auto", "batch_size": 128, "compounds": 384, "peak": {"host": 1.25}},
            }
        ],
        "versions": {"python": "3.11.7"},
        "platform": {"system": "Linux", "machine": "x86_64", "processor": "Ångström(R) 1 @ 2 GHz", "cores": 2},
        "code": {"commit": "0" * 40, "dirty": False},
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:10:00+00:00",
    }
    return SpeedRecord(**fields | changes)


# -------------------------------------------------------------------------------------------------------- record


def test_a_record_reads_back_as_it_was_written(tmp_path):
    store = speed.SpeedStore("local", tmp_path)
    store.write(record())
    (key,) = store.keys()
    assert key == "ngstr-m-1-2-ghz_avx512-core-amx_threads2"
    assert store.records() == {key: record()}
    with pytest.raises(RecordExists):
        store.write(record(threads=2))
    store.discard(key)
    assert not list(store.keys())


def test_an_edited_record_is_refused(tmp_path):
    store = speed.SpeedStore("local", tmp_path)
    store.write(record())
    (file,) = tmp_path.glob("*/record.json")
    file.write_text(file.read_text().replace('"flops": 2000000000000.0', '"flops": 3000000000000.0'))
    with pytest.raises(BrokenRecord, match="was edited"):
        store.read(record().key)


def test_a_record_in_anothers_place_is_refused(tmp_path):
    store = speed.SpeedStore("local", tmp_path)
    store.write(record())
    (tmp_path / record().key).rename(tmp_path / "another-machine")
    with pytest.raises(BrokenRecord, match="holds the speed record"):
        store.read("another-machine")


def test_a_gpu_is_a_machine_by_its_own_name():
    assert record(device="NVIDIA H100").key == "nvidia-h100"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, "AVX512_CORE_AMX"), (processor.WITHOUT_AMX, "AVX512_CORE_BF16"), ("avx2", "AVX2"), ("SSE41", "SSE41")],
)
def test_the_environment_limits_the_instruction_set(monkeypatch, limit, expected):
    everything = dict.fromkeys(["amx_bf16", "avx512_bf16", "avx512_bw", "avx2"], True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: everything)
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    if limit:
        monkeypatch.setenv(processor.VARIABLE, limit)
    assert processor.instruction_set() == expected


# --------------------------------------------------------------------------------------------------------- tables


def test_throughput_is_that_of_the_fastest_epoch_after_the_first():
    first = speed.throughput(record()).iloc[0]
    assert first["step_seconds"] == 1.0
    assert first["tokens_per_second"] == 384
    assert first["compounds_per_second"] == 128
    assert first["flops"] == 5e11
    assert first["share"] == 0.25  # of the faster of two products, 2 TFLOP/s
    assert first["intensity"] == 10
    assert first["bound_share"] == 0.5  # 10 FLOP a byte at 100 GB/s: the largest copy counts, not the fastest
    assert first["epoch_seconds"] == 8.0


def test_a_bound_is_never_above_the_peak():
    assert speed.throughput(record())["bound_share"].tolist() == [0.5, 1.0, 0.5, 0.125, 0.5]


def test_padding_costs_the_ratio_of_times_for_the_same_compounds():
    (row,) = speed.padding_cost(record()).to_dict("records")
    assert (row["batch_size"], row["padding"], row["cost"]) == (128, 2.0, 2.5)


def test_published_code_is_compared_by_share_of_its_own_machines_peak():
    published = pd.DataFrame(
        {
            "model": ["L-G-DCNN", "CrabNet"],
            "dataset": SMALL_SET,
            "epoch_seconds": [5.0, 13.0],
            "peak_float32": 1.6e12,
        }
    )
    crabnet = training(model="CrabNet", recipe="paper", setting="published", dataset=SMALL_SET)
    found = speed.beside_published_code(record(trainings=[*record().trainings, crabnet]), published)
    ours = found.set_index("model").loc["L-G-DCNN"]
    assert (ours["published_code_seconds"], ours["epoch_seconds"]) == (5.0, 8.0)
    # Four times 1 TFLOP in 5 s is 0.8 TFLOP/s, of 1.6.
    assert ours["published_code_share"] == pytest.approx(0.5)
    assert found.set_index("model")["published_code_share"].isna().to_dict() == {"L-G-DCNN": False, "CrabNet": True}


def test_the_committed_times_of_the_published_code_have_the_columns_that_are_read():
    table = benchmarks.published("published_code_speed")
    assert {"model", "dataset", "epoch_seconds", "peak_float32", "peak_bfloat16"} <= set(table)
    assert set(table["dataset"]) <= set(benchmarks.names("extended"))
    assert (table[["epoch_seconds", "peak_float32", "peak_bfloat16"]] > 0).all(axis=None)


def test_answers_are_sentences_of_the_records_numbers():
    said = "\n".join(speed.answers(record()))
    assert "load average was 0.2 when" in said
    assert "2,000 GFLOP/s in float32, 8,000 GFLOP/s in bfloat16; copies move 100.0 GB/s" in said
    assert "float32) with batches from 1024 on runs at 25 % of the float32 peak over 1 data set (1 % with" in said
    # 384 tokens/s of 53.1 MFLOP, at 2,000 GFLOP/s.
    assert "zeros beyond the ends of compounds counted, 53 MFLOP a token); the roofline allows 100 %" in said
    assert "(exact setting, bfloat16) with batches of 128 runs at 31 %" in said
    assert "2.00 positions per token, and the padded setting takes 2.50 times" in said
    assert "1,000 compounds (OQMD_Bandgap, test part) takes 4.0 s, 250 compounds/s" in said
    # 30.36 million at 250 a second.
    assert "million candidates of the authors' follow-up would take 34 h" in said
    assert "2,500 formulas/s" in said
    assert "1.25 GiB on the host over 384 compounds" in said


def test_memory_of_an_older_record_is_said_to_be_that_of_its_few_steps():
    memory = [{name: value for name, value in record().memory[0].items() if name != "compounds"} | {"steps": 2}]
    assert "on the host over 256 compounds" in speed.answers(record(memory=memory))[-1]


def test_answers_say_that_a_machine_has_no_bfloat16():
    in_float32 = [each for each in record().trainings if each["precision"] == "float32"]
    said = speed.answers(record(products=record().products[:2], trainings=in_float32))
    assert "No bfloat16: the machine has no instructions for it." in said


def test_the_verdict_on_speed_counts_the_machines_that_reach_half_of_their_peak():
    # 1e12 FLOP in 2 s is a quarter of 2 TFLOP/s in float32; in 0.8 s it is 62.5 %.
    slow, fast = record(), record(trainings=[training(batch_size=1024, epoch_seconds=[9.0, 0.8])])
    assert share_of_peak.shares(slow).tolist() == [0.25]
    assert share_of_peak.verdict({"slow": slow}).outcome is Outcome.NOT_REPRODUCED
    assert share_of_peak.verdict({"fast": fast}).outcome is Outcome.REPRODUCED
    both = share_of_peak.verdict({"slow": slow, "fast": fast})
    assert both.outcome is Outcome.IN_PART
    assert [(each.value, each.n) for each in both.ours] == [(25.0, 1), (62.5, 1)]
    assert both.sentence.endswith("it reaches 62 % on 1 of 2 machines and 25 % on the others.")
    assert both.detail == "Below one half: slow, 25 %."
    assert share_of_peak.verdict({}).outcome is Outcome.NOT_TESTABLE


# ------------------------------------------------------------------------------------------- machines side by side


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Ångström 1 @ 2 GHz with AMX, 2 threads"),
        ({"threads": 1, "instruction_set": "AVX2"}, "Ångström 1 @ 2 GHz with AVX2, 1 thread"),
        ({"device": "NVIDIA H100"}, "NVIDIA H100"),
    ],
)
def test_a_machine_has_a_name_that_people_use(changes, name):
    assert speed.machine_name(record(**changes)) == name


def test_processors_come_before_gpus_and_this_machine_is_told_from_the_others(monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    speed.local().write(record(device="a GPU"))
    speed.local().write(record())
    assert list(speed.machines("local")) == [
        "Ångström 1 @ 2 GHz with AMX, 2 threads (this machine)",
        "a GPU (this machine)",
    ]
    assert list(speed.machines("both"))[-1] == "a GPU (this machine)"
    assert "(this machine)" not in "".join(speed.machines("committed"))


def test_a_machine_is_one_row_without_columns_that_no_machine_fills():
    in_float32 = record(
        products=record().products[:2],
        trainings=[each for each in record().trainings if each["precision"] == "float32"],
    )
    table = speed.machine_table({"one": record(), "other": in_float32})
    assert list(table.index) == ["one", "other"]
    assert table.loc["one", ("matrix product (GFLOP/s)", "bfloat16")] == 8000
    # 256 compounds in 0.4 s, and 1 TFLOP in that time of 8 TFLOP/s.
    assert table.loc["one", ("training (compounds/s)", "128, bfloat16")] == 640
    assert table.loc["one", ("training (share of product)", "128, bfloat16")] == pytest.approx(0.3125)
    assert table.loc["one", ("prediction", "compounds/s")] == 250
    assert table.loc["one", ("memory", "GiB")] == 1.25
    assert pd.isna(table.loc["other", ("training (compounds/s)", "128, bfloat16")])
    assert ("training (compounds/s)", "1,024, bfloat16") not in table
    assert not [column for column in speed.machine_table({"other": in_float32}) if "bfloat16" in column[1]]


def test_the_findings_say_how_fast_each_kind_of_machine_trains_and_predicts():
    plain = record(instruction_set="AVX512_CORE_BF16")
    large = training(precision="bfloat16", batch_size=1024, epoch_seconds=[9.0, 0.5])
    with_large = record(trainings=[*record().trainings, large])
    said = speed.findings({"plain": plain, "matrix": with_large, "another": with_large})
    assert len(said) == 2
    assert said[1].startswith("On 2 processors with AMX, L-G-DCNN trains on 512 compounds a second in bfloat16")
    assert "runs at 25 % of the speed" in said[1]
    assert "batches of 128 reach 31 %" in said[1]
    assert "make benchmark" in speed.findings({})[0]


def test_published_code_and_ours_never_share_a_column():
    published = pd.DataFrame(
        {"model": ["L-G-DCNN"], "dataset": SMALL_SET, "epoch_seconds": [5.0], "peak_float32": 1.6e12}
    )
    table = speed.published_code_table({"a": record(), "b": record()}, published)
    ((network, label),) = table.index
    assert (network, label) == ("L-G-DCNN", "AFLOW Bulk modulus")
    assert dict(table.iloc[0]) == {
        ("published code, another machine", "epoch (s)"): "5",
        ("published code, another machine", "share (%)"): "50",
        ("ours, 2 processors with AMX", "epoch (s)"): "8",
        ("ours, 2 processors with AMX", "share (%)"): "25",
    }
    assert speed.published_code_table({}, published).empty


# ------------------------------------------------------------------------------------------------------ measuring


def test_cases_are_each_there_once_and_float32_alone_without_bfloat16():
    cases = list(speed.cases(speed.FULL, ["float32", "bfloat16"]))
    assert len(set(cases)) == len(cases)
    assert {case.precision for case in speed.cases(speed.FULL, ["float32"])} == {"float32"}
    assert {128, 1024, FAST.batch_size, None} == {case.batch_size for case in cases}
    # CrabNet masks padding, so that only the paper's recipe is timed in the padded setting.
    assert {case.recipe for case in cases if case.model == "CrabNet" and case.setting == "published"} == {"paper"}


def test_a_case_without_a_batch_size_has_the_published_rules():
    case = speed.Case("OQMD_Bandgap", "L-G-DCNN", "paper", "published", "float32", None)
    assert case.full_recipe(239_125).batch_size == 4096


def test_the_best_time_is_not_that_of_the_first_call():
    calls = []

    def slow_at_first() -> None:
        time.sleep(0.002 if calls else 0.2)
        calls.append(None)

    assert 0.002 <= best_seconds(slow_at_first, 0.01) < 0.1
    assert len(calls) > REPEATS


def test_a_call_is_timed_with_the_threads_that_torch_has():
    before, used = torch.get_num_threads(), []
    torch.set_num_threads(before + 1)
    try:
        best_seconds(lambda: used.append(torch.get_num_threads()), 0.0)
    finally:
        torch.set_num_threads(before)
    assert set(used) == {before + 1}


@pytest.mark.parametrize("setting", ["exact", "published"])
def test_a_training_is_timed_in_whole_steps_and_counted(benchmark_data, setting):
    data = trainings.training_part(SMALL_SET, 32)
    case = speed.Case(SMALL_SET, "DCNN-K1", "fast", setting, "float32", 8)
    row = trainings.time_training(case, data, "cpu", seconds=1e9)
    assert (row["steps"], row["compounds"], row["n_train"]) == (4, 32, 32)
    assert len(row["epoch_seconds"]) == trainings.EPOCHS
    assert min(row["epoch_seconds"]) > 0
    lengths = data.compositions.lengths
    assert row["tokens"] == lengths.sum()
    positions = np.full(32, lengths.max()) if setting == "published" else lengths
    assert row["positions"] == positions.sum()
    assert row["flop"] == speed.training_flop(build("DCNN-K1", seed=0), positions)
    once = trainings.time_training(case, data, "cpu", seconds=0.0)
    assert (once["steps"], once["compounds"]) == (1, 8)


@pytest.fixture
def small(monkeypatch, tmp_path, benchmark_data, one_thread):
    """A small set in the place of the largest, and a local store of the test's own."""
    for module in (memory, predictions):
        monkeypatch.setattr(module, "LARGEST", SMALL_SET)
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_the_command_measures_once_and_says_what_came_of_it(small, capsys):
    words = ["--threads", "1", "--device", "cpu"]
    assert command.main(words, TINY) == 0
    (found,) = speed.local().records().values()
    assert "The fastest matrix product reaches" in capsys.readouterr().out
    assert (found.threads, found.device, found.prediction["compounds"]) == (1, "cpu", 24)
    assert found.parsing["formulas"] == 3 * 24
    assert [each["setting"] for each in found.memory] == ["exact", "published"]
    # A process with torch and a network of 8.6 million parameters in training.
    assert all(0.1 < each["peak"]["host"] < 64 for each in found.memory)
    assert json.loads(json.dumps(found.scope)) == TINY.as_dict()
    table = speed.throughput(found)
    assert set(table["recipe"]) == {"fast", "paper"}
    assert (table[["flops", "tokens_per_second", "intensity", "bound"]] > 0).all(axis=None)

    assert command.main(words, TINY) == 0
    assert "recorded already" in capsys.readouterr().out
    assert list(speed.local().records().values()) == [found]


def test_amx_is_switched_off_in_a_process_of_its_own(monkeypatch):
    started = []

    def run(words, env):
        started.append((words[1:], env[processor.VARIABLE]))
        return dataclasses.make_dataclass("Done", ["returncode"])(3)

    monkeypatch.setattr(command.subprocess, "run", run)
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    assert command.main(["--without-amx", "--threads", "1"]) == 3
    assert started == [(["-m", "lgdcnn_core.companion.speed", "--without-amx", "--threads", "1"], "AVX512_CORE_BF16")]


def test_an_absent_device_is_told_in_one_line(capsys, one_thread):
    assert command.main(["--device", "quantum"], TINY) == 1
    assert "'quantum' is not a device" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ figure, notebook


def test_each_machine_is_a_row_with_its_shares_of_the_peak(ax):
    machine = "a machine with AVX-512, 2 threads"
    table = speed.throughput(record()).assign(machine=machine)
    points = table[(table["setting"] == "exact") & (table["recipe"] == "fast")]
    assert figures.shares_of_peak(points, ax, [machine]) is ax
    assert [text.get_text().replace("\n", " ") for text in ax.get_yticklabels()] == [machine]
    marks = [share for line in ax.lines if line.get_marker() in ("o", "s", "^") for share in line.get_xdata()]
    np.testing.assert_allclose(sorted(marks), sorted(points["share"]))
    assert f"{points['tokens_per_second'].max():,.0f}" in [text.get_text() for text in ax.texts]


def test_the_notebook_runs_without_a_record_and_draws_nothing(monkeypatch, tmp_path, drawing_style):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    monkeypatch.setenv("LGDCNN_FIGURES", str(tmp_path / "figures"))
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    names = {}
    for cell in cells:
        exec(cell.source.replace('stores = "both"', 'stores = "local"'), names)  # a kernel would take ten times as long
    assert names["records"] == {}
    assert not (tmp_path / "figures").exists()


def test_the_notebook_draws_a_record_and_answers_from_it(monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LGDCNN_FIGURES", str(tmp_path / "figures"))
    speed.local().write(record())
    notebook.run(NOTEBOOK, tmp_path / "with.ipynb", {"stores": "local"})
    assert "runs at 31 %" in shown(tmp_path / "with.ipynb", ["text/stream", "text/markdown"])
    assert n_images(tmp_path / "with.ipynb") == 1
    assert (tmp_path / "figures" / "11_speed.svg").exists()
