"""A notebook session: errors in a line, readings made where they are missing."""

import warnings
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import runs
from lgdcnn_core.companion.readings import ReadingSpec
from lgdcnn_core.companion.reproduce import session
from lgdcnn_core.companion.runs import RunSpec


@pytest.fixture
def shell(monkeypatch, drawing_style):
    """An IPython session that begins as a notebook does; the text of the errors it shows."""
    shell, said = InteractiveShell(), []
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)  # restored afterwards
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: said.append("\n".join(lines)))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    def html(value):
        return shell.display_formatter.format(value)[0]["text/html"]

    with pd.option_context("display.max_colwidth", 50):
        session.begin()
        yield SimpleNamespace(run=shell.run_cell, said=said, named=shell.user_ns.get, format=html)


def test_an_error_of_this_package_is_one_line_with_the_way_out(shell):
    result = shell.run("from lgdcnn_core import benchmarks\nbenchmarks.card('nothing')")
    assert not result.success
    (line,) = shell.said
    assert line.startswith("UnknownDataSetError: ")
    assert "\n" not in line


def test_any_other_error_keeps_its_traceback(shell):
    assert not shell.run("def divide():\n    return 1 / 0\ndivide()").success
    assert "divide" in shell.said[0]
    assert "ZeroDivisionError" in shell.said[0]


def test_a_table_without_rows_is_no_record(shell):
    shell.run("import pandas as pd\nnothing, something = pd.DataFrame({'n': []}), pd.DataFrame({'n': [1]})")
    html = shell.format(shell.named("nothing")), shell.format(shell.named("nothing").style)
    assert html == ("no record", "no record")
    assert all("<table" in shell.format(each) for each in (shell.named("something"), shell.named("something").style))


def test_a_long_cell_is_shown_whole(shell):
    said = "none within the measured range, but possible from 100 to 3,428"
    assert said in shell.format(pd.DataFrame({"equal errors at": [said]}))


def test_a_warning_comes_without_a_path_of_this_machine(shell):
    assert warnings.formatwarning("two rows", UserWarning, __file__, 1, "code") == "UserWarning: two rows\n"


def test_a_session_draws_in_the_projects_style(shell):
    assert plt.rcParams["svg.hashsalt"]


@pytest.fixture
def no_record(monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    monkeypatch.setattr(session, "execute", lambda spec, store, device: ("made", spec.key, store.name))


def test_a_run_is_made_unless_it_is_recorded_and_shown_where_it_is(no_record, capsys):
    record, place = session.run_or_show(RunSpec("matbench_phonons", 0))
    assert record == ("made", "matbench_phonons/L-G-DCNN_fast_exact_fold0_seed0", "local")
    assert place.name == "local"
    assert "not recorded yet" in capsys.readouterr().out
    record, place = session.run_or_show(RunSpec("matbench_phonons", 0), "committed")
    assert (record.spec, place.name) == (RunSpec("matbench_phonons", 0), "committed")
    assert "recorded already, shown and not trained again" in capsys.readouterr().out


def test_a_missing_record_of_the_project_is_never_made_and_the_others_are_named(no_record):
    with pytest.raises(session.NoRecord, match="L-G-DCNN_fast_exact_fold0_seed0"):
        session.run_or_show(RunSpec("matbench_phonons", 0, seed=99), "committed")


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Trainings and readings that are asked for, in their order, and made of nothing."""
    made = []
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))
    monkeypatch.setattr(session, "file_of_weights", lambda run: tmp_path / f"{run.model}.safetensors")
    monkeypatch.setattr(session, "estimate", lambda runs, device: [90.0] * len(runs))
    monkeypatch.setattr(session, "execute", lambda run, **options: made.append((run.model, options)))
    monkeypatch.setattr(session, "make", lambda spec, store: made.append((spec.key, store.name)))
    return made


def readings_of(model, *elements):
    return [ReadingSpec("cecv", RunSpec("CritExam__Ef", model=model, epochs=1), element) for element in elements]


def test_a_missing_reading_is_made_and_its_network_trained_once_after_the_minutes_are_said(made, capsys):
    session.make_missing(readings_of("LSTM", "Ga", "Ge"))
    said = capsys.readouterr().out
    assert "2 of 2 readings are missing; 1 network is trained for them first, about 2 min here" in said
    assert made[0] == ("LSTM", {"device": None, "weights": True})
    assert [each[1] for each in made[1:]] == ["local", "local"]


def test_a_network_whose_weights_are_here_is_not_trained_again(made, tmp_path, capsys):
    (tmp_path / "LSTM.safetensors").touch()
    session.make_missing(readings_of("LSTM", "Ga"))
    assert len(made) == 1
    assert "trained" not in capsys.readouterr().out


def test_recorded_readings_need_nothing(made, capsys):
    run = RunSpec("CritExam__Ef", train_fraction=0.1, epochs=12)
    session.make_missing([ReadingSpec("cecv", run, "Si")])
    assert made == []
    assert capsys.readouterr().out == ""


def test_the_training_to_read_is_the_recorded_one_or_one_of_some_minutes():
    recorded = session.run_to_read("CritExam__Ef", "L-G-DCNN", None, None)
    assert recorded.key in runs.committed_store()
    closer = session.run_to_read("CritExam__Ef", "L-G-DCNN", None, None, closer=True)
    assert closer.key in runs.committed_store()
    assert (closer.train_fraction, closer.epochs) == (1, None)
    assert session.run_to_read("CritExam__Ef", "L-G-DCNN", 0.1, 12, closer=True) == recorded
    assert session.run_to_read("CritExam__Ef", "CrabNet", closer=True).epochs == 12
    other = session.run_to_read("mp_mu_b", "LSTM", None, None, seed=3)
    assert other.train_fraction * 0.7 * benchmarks.card("mp_mu_b").n_rows == pytest.approx(6000, rel=0.05)
    assert (other.epochs, other.seed) == (recorded.epochs, 3)
    small = session.run_to_read("aflow__ael_bulk_modulus_vrh", "LSTM", None, 5)
    assert (small.train_fraction, small.epochs) == (1, 5)
    assert session.run_to_read("mp_mu_b", "LSTM", 0.5, 1).train_fraction == 0.5
