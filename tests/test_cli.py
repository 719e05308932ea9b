"""The command line: predictions at the terminal and of whole tables, trainings, measurements, cards, exit statuses."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from compounds import FORMULAS

from lgdcnn_core import CompositionRegressor, __version__
from lgdcnn_core.cli import REJECTED, screening
from lgdcnn_core.cli.__main__ import main
from lgdcnn_core.cli.predict import with_uncertainty
from lgdcnn_core.training import FAST

pytestmark = pytest.mark.filterwarnings("ignore::lgdcnn_core.training.DataWarning")

TARGETS = pd.DataFrame({"formula": FORMULAS, "Tc (K)": np.arange(10.0), "gap": np.arange(10.0)[::-1]})


@pytest.fixture(scope="module")
def fitted():
    recipe = FAST.with_changes(epochs=2, precision="float32")
    names = ["Tc (K)", "gap"]
    model = CompositionRegressor("LSTM", recipe, progress=False).fit(TARGETS, names, val=TARGETS)
    return model.calibrate(TARGETS, names)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    return str(fitted.save(tmp_path_factory.mktemp("models") / "model.safetensors"))


@pytest.fixture(autouse=True)
def few_rows_a_piece(monkeypatch):
    monkeypatch.setattr(screening, "ROWS", 4)


def test_help_and_version_come_at_once_and_errors_of_usage_have_their_status(capsys):
    for words, status in ((["--version"], 0), (["--help"], 0), (["predict", "--help"], 0), ([], 2), (["fly"], 2)):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == status
    shown = capsys.readouterr().out
    assert f"lgdcnn {__version__}" in shown
    assert "lgdcnn predict candidates.csv -o predicted.csv" in shown
    heavy = (
        "import sys; from lgdcnn_core.cli import options; options.parser(); print({'torch', 'pandas'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_formulas_give_a_table_with_units_and_how_far_they_are_from_the_training_data(saved, fitted, capsys):
    assert main(["predict", "NaCl", "Na3Cl", "-m", saved, "--interval", "0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["unit", "NaCl", "Na3Cl"]
    assert lines[1].split()[:3] == ["Tc", "(K)", "K"]
    assert lines[1].count("±") == 2
    assert "25% off NaCl" in lines[3]
    mean, _, upper = (float(each[0, 0]) for each in fitted.predict(["NaCl"], interval=0.5))
    shown = lines[1].split()
    assert float(shown[3]) == pytest.approx(mean, abs=upper - mean)
    assert float(shown[5]) == pytest.approx(upper - mean, rel=0.06)


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (266.4, 158.2, "270 ± 160"),
        (1234.0, 1.26, "1234.0 ± 1.3"),
        (4.33e-5, 1.27e-5, "4.3e-05 ± 1.3e-05"),
        (1.6e-7, 1.27e-5, "2e-07 ± 1.3e-05"),
        (0.0, 0.051, "0.000 ± 0.051"),
        (-3.1, 0.4, "-3.10 ± 0.40"),
    ],
)
def test_numbers_have_the_digits_that_their_uncertainty_leaves(value, width, text):
    assert with_uncertainty(value, width) == text


def test_a_bad_formula_is_named_and_the_good_ones_are_predicted_unless_strict(saved, capsys):
    assert main(["predict", "NaCl", "Xx2", "-m", saved, "-p", "gap"]) == REJECTED
    shown = capsys.readouterr()
    assert "Xx2" in shown.err
    assert "gap" in shown.out
    assert "Tc" not in shown.out
    assert main(["predict", "NaCl", "Xx2", "-m", saved, "--strict"]) == 1
    assert main(["predict", "Xx2", "-m", saved]) == 1
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NaCl", "-p", "mass"], "does not predict 'mass'; it predicts Tc (K), gap"),
        (["mine.csv"], "say where the predictions for mine.csv go"),
        (["mine.csv", "NaCl"], "give formulas, or one table"),
        (["none.csv", "-o", "out.csv"], "no table at none.csv"),
        (["NaCl", "-m", "nothing"], "neither a trained network"),
        (["NaCl", "-o", "out.csv"], "-o is for a table"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_no_traceback(saved, capsys, words, said):
    model = [] if "-m" in words else ["-m", saved]
    assert main(["predict", *words, *model]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_a_table_is_predicted_piece_by_piece_and_its_columns_come_back(saved, fitted, tmp_path, capsys, ending):
    table = pd.DataFrame({"id": [f"0{number}" for number in range(10)], "Composition": FORMULAS})
    table.loc[3, "Composition"] = "Xx2"
    table.loc[6, "Composition"] = "XeF2"
    source = tmp_path / "mine.csv"
    table.to_csv(source, index=False)
    out = tmp_path / f"out{ending}"
    assert main(["predict", str(source), "-o", str(out), "-m", saved, "-p", "gap"]) == REJECTED
    read = {".csv": pd.read_csv, ".tsv": lambda file, **o: pd.read_csv(file, sep="\t", **o)}
    found = (
        pd.read_parquet(out) if ending == ".parquet" else read[ending](out, dtype={"id": str}, keep_default_na=False)
    )
    good = table.drop(index=[3, 6])
    assert found["id"].tolist() == good["id"].tolist()
    expected = fitted.predict(good["Composition"], interval=0.9)
    for column, values in zip(["gap", "gap_lower", "gap_upper"], expected, strict=True):
        np.testing.assert_allclose(found[column].astype(float), values[:, 1], rtol=1e-5, atol=1e-5)
    rejected = pd.read_csv(tmp_path / "out.rejected.csv")
    assert rejected["row"].tolist() == [3, 6]
    assert rejected["formula"].tolist() == ["Xx2", "XeF2"]
    assert rejected["reason"][1] == "training never saw F, Xe"
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["mine.csv", out.name, "out.rejected.csv"])
    assert "formulas are in the column 'Composition'" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_pieces_without_a_good_row_have_the_columns_of_the_others(saved, tmp_path, ending):
    source, out = tmp_path / "mine.csv", tmp_path / f"out{ending}"
    formulas = ["Xx2"] * 4 + FORMULAS[:5] + ["Xx2"] * 7
    pd.DataFrame({"formula": formulas, "lab\nnumber": range(16)}).to_csv(source, index=False)
    assert main(["predict", str(source), "-o", str(out), "-m", saved, "-p", "gap"]) == REJECTED
    found = pd.read_csv(out) if ending == ".csv" else pd.read_parquet(out)
    assert list(found) == ["formula", "lab\nnumber", "gap", "gap_lower", "gap_upper"]
    assert found["formula"].tolist() == FORMULAS[:5]
    assert found["gap"].notna().all()
    assert len(pd.read_csv(tmp_path / "out.rejected.csv")) == 11


def test_strict_writes_nothing_and_names_the_first_bad_row(saved, tmp_path, capsys):
    source = tmp_path / "mine.csv"
    pd.DataFrame({"formula": [*FORMULAS, "Xx2"]}).to_csv(source, index=False)
    assert main(["predict", str(source), "-o", str(tmp_path / "out.csv"), "-m", saved, "--strict"]) == 1
    assert "row 10, 'Xx2'" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_an_interrupted_prediction_goes_on_where_it_was_killed_and_gives_the_same_file(saved, tmp_path):
    source = tmp_path / "many.csv"
    pd.DataFrame({"formula": FORMULAS * 400}).to_csv(source, index=False)
    code = "import sys; from lgdcnn_core.cli import screening, __main__; screening.ROWS = 40; sys.exit(__main__.main())"
    words = [sys.executable, "-c", code, "predict", str(source), "-m", saved, "-p", "gap", "-o"]
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    subprocess.run([*words, str(whole)], check=True, capture_output=True)
    directory = tmp_path / ".parts.csv.pieces"
    running = subprocess.Popen([*words, str(parts)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(list(directory.glob("*.rejected.csv"))) < 10 and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(2)  # its other processes end by themselves
    made = {file: file.stat().st_mtime_ns for file in directory.glob("*.rejected.csv")}
    assert 10 <= len(made) < 100
    assert not parts.exists()
    done = subprocess.run([*words, str(parts)], check=True, capture_output=True, text=True)
    assert "pieces of 40 rows are there already" in done.stderr
    assert parts.read_bytes() == whole.read_bytes()
    assert not directory.exists()


def test_pieces_of_another_prediction_are_not_taken(saved, tmp_path):
    source = tmp_path / "mine.csv"
    pd.DataFrame({"formula": FORMULAS}).to_csv(source, index=False)
    words = ["predict", str(source), "-o", str(tmp_path / "out.csv"), "-m", saved, "-p"]
    directory = tmp_path / ".out.csv.pieces"
    directory.mkdir()
    (directory / "made_from.json").write_text("{}")
    (directory / "00000000.csv").write_text("formula,gap\nNaCl,7\n")
    (directory / "00000000.rejected.csv").write_text("row,formula,reason\n")
    assert main([*words, "gap"]) == 0
    assert len(pd.read_csv(tmp_path / "out.csv", keep_default_na=False)) == 10


def test_a_column_that_predictions_would_overwrite_is_refused(saved, tmp_path, capsys):
    source = tmp_path / "mine.csv"
    TARGETS.to_csv(source, index=False)
    assert main(["predict", str(source), "-o", str(tmp_path / "out.csv"), "-m", saved]) == 1
    assert "columns of the names that predictions get: Tc (K), gap" in capsys.readouterr().err


def test_a_model_is_fitted_saved_calibrated_and_measured(tmp_path, capsys, monkeypatch):
    table = tmp_path / "my.csv"
    formulas = [f"Na{a}Cl{b}" for a in range(1, 8) for b in range(1, 8) if np.gcd(a, b) == 1]
    rows = "".join(f"{formula};{number},5\n" for number, formula in enumerate(formulas))
    table.write_text(f"Formula;Tc (K)\n{rows}")
    out = tmp_path / "tc.safetensors"
    short = {"fast": FAST.with_changes(epochs=2)}
    monkeypatch.setattr(sys.modules["lgdcnn_core.training.recipe"], "RECIPES", short)
    assert main(["fit", str(table), "-o", str(out), "--network", "LSTM", "--seed", "3"]) == 0
    shown = capsys.readouterr()
    assert "decimal commas" in shown.err
    assert "validation MAE of Tc (K)" in shown.out
    loaded = CompositionRegressor.load(out)
    assert loaded.target_names_ == ("Tc (K)",)
    assert loaded.calibration_.n == (round(0.1 * len(formulas)),)
    grouped = table.with_name("grouped.csv")
    grouped.write_text("formula,Tc (K),lab\n" + "".join(f"{each},{n},{n % 10}\n" for n, each in enumerate(formulas)))
    words = ["fit", str(grouped), "-t", "Tc (K)", "--group", "lab", "-o", str(out), "--network", "LSTM"]
    assert main(words) == 0
    held_out = CompositionRegressor.load(out).calibration_.n[0]
    assert held_out in {sum(n % 10 == lab for n in range(len(formulas))) for lab in range(10)}  # all rows of one lab
    assert main(["evaluate", str(out), str(table)]) in (0, 1)  # 1: too few compounds for a 90 % interval
    assert main(["evaluate", str(out), str(table), "-t", "nothing"]) == 1


def test_errors_are_measured_in_the_unit_of_the_property(saved, fitted, tmp_path, capsys):
    table = tmp_path / "my.csv"
    TARGETS.to_csv(table, index=False)
    assert main(["evaluate", saved, str(table), "-t", "Tc (K)"]) == 0
    mae = np.abs(fitted.predict(FORMULAS)[:, 0] - TARGETS["Tc (K)"]).mean()
    shown = capsys.readouterr().out
    assert f"MAE                      {mae:.4g} K" in shown
    assert "within 90% interval" in shown
    assert main(["evaluate", saved, str(table.rename(tmp_path / "other.csv")), "-t", "gap", "-p", "Tc (K)"]) == 0


def test_cecv_of_an_element_is_read_from_every_layer(saved, tmp_path, capsys):
    table = tmp_path / "my.csv"
    TARGETS.to_csv(table, index=False)
    assert main(["cecv", saved, str(table), "-e", "O"]) == 0
    shown = capsys.readouterr().out
    assert "LSTM output" in shown
    assert "thresholds:" in shown
    assert main(["cecv", saved, str(table), "-e", "Q"]) == 1


def test_cards_list_the_trained_networks(capsys):
    assert main(["card"]) == 0
    assert capsys.readouterr().out.startswith("joint")
    assert main(["card", "nothing"]) == 1
    assert "choose from joint, joint-ensemble" in capsys.readouterr().err


def test_a_reader_that_is_killed_is_an_error_and_no_wait_for_ever(saved, tmp_path, monkeypatch, capsys):
    source = tmp_path / "mine.csv"
    pd.DataFrame({"formula": FORMULAS}).to_csv(source, index=False)
    monkeypatch.setattr(screening, "read_pieces", _dies)
    assert main(["predict", str(source), "-o", str(tmp_path / "out.csv"), "-m", saved]) == 1
    assert "the process 'reader' ended before" in capsys.readouterr().err


def _dies(*_):
    with contextlib.suppress(Exception):
        os.kill(os.getpid(), signal.SIGKILL)
