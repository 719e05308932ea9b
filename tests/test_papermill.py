"""A notebook as it is run: its parameters, its kernel, its process."""

import json
import socket
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.connect import LocalPortCache
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from written_notebooks import printed, write_notebook

from lgdcnn_core.companion.reproduce import kernel, notebook, parameters, worker

# Papermill's traps: parameters


def test_the_parameters_of_a_notebook_are_its_tagged_cell(tmp_path):
    found = parameters.defaults(write_notebook(tmp_path / "a.ipynb", "other = 1"))
    assert found == {"dataset": "aflow", "fold": None, "fraction": 1.0, "seed": 0, "plot": True}


@pytest.mark.parametrize(
    "values",
    [
        {"fold": 3},
        {"fold": None, "dataset": "mp", "plot": False},
        {"fraction": 1},
        {"dataset": None},
        {},
    ],
)
def test_parameters_that_fit_are_accepted(tmp_path, values):
    parameters.check(write_notebook(tmp_path / "a.ipynb"), values)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"datset": "mp"}, "datset is unknown .there are dataset, fold"),
        ({"other": 1}, "other is unknown"),
        ({"plot": "false"}, "plot is 'false', a str; its default is True"),
        ({"plot": 0}, "plot is 0, a int"),
        ({"seed": True}, "seed is True, a bool"),
        ({"seed": 1.0}, "seed is 1.0, a float"),
        ({"seed": "1", "x": 1}, "seed is '1'.*x is unknown"),
    ],
)
def test_an_unknown_parameter_or_one_of_another_type_fails_before_anything_runs(tmp_path, values, problem):
    path = write_notebook(tmp_path / "a.ipynb", "other = 2")
    with pytest.raises(parameters.UnfitParameters, match=problem):
        notebook.run(path, tmp_path / "out.ipynb", values)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "value", "there_are"),
    [("stores", "commited", "committed, local, both"), ("store", "both", "committed, local")],
)
def test_a_parameter_that_names_a_store_is_checked_before_anything_runs(tmp_path, name, value, there_are):
    path = write_notebook(tmp_path / "a.ipynb", parameter_cell="stores = 'both'\nstore = 'local'")
    with pytest.raises(parameters.UnfitParameters, match=f"{name}: no store .* {value!r}; there are {there_are}$"):
        parameters.check(path, {name: value})
    parameters.check(path, {"stores": "both", "store": "committed"})


def test_a_notebook_without_parameters_takes_none(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "x = 1", parameter_cell=None)
    parameters.check(path, {})
    with pytest.raises(parameters.UnfitParameters, match="there are none"):
        parameters.check(path, {"x": 2})


@pytest.mark.parametrize("line", ["n = 2 * 3", "import os", "a, b = 1, 2", "seed: int"])
def test_a_parameters_cell_is_for_plain_literals(tmp_path, line):
    with pytest.raises(parameters.UnfitParameters, match="plain literals"):
        parameters.defaults(write_notebook(tmp_path / "a.ipynb", parameter_cell=line))


# Papermill's traps: the kernel


class OneKernel(KernelSpecManager):
    """A machine whose kernel `python3` starts with this word."""

    interpreter: str | None = None

    def get_kernel_spec(self, name):
        if self.interpreter is None:
            raise NoSuchKernel(name)
        return KernelSpec(argv=[self.interpreter, "-m", "ipykernel_launcher"], resource_dir="/kernels/python3")


def kernels(interpreter):
    manager = OneKernel()
    manager.interpreter = interpreter
    return manager


def test_the_kernel_is_this_environments():
    kernel.check()
    kernel.check(kernels("python"))
    kernel.check(kernels(sys.executable))
    kernel.check(kernels(str(Path(sys.executable).with_name("python3"))))


def test_a_kernel_of_another_environment_is_refused_and_the_way_out_named(tmp_path):
    # A link to this very interpreter is still another environment, as every venv's interpreter is such a link.
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.symlink_to(sys.executable)
    with pytest.raises(kernel.WrongKernel, match=f"runs {other}, not {sys.executable}.*kernelspec remove python3"):
        kernel.check(kernels(str(other)))
    with pytest.raises(kernel.WrongKernel, match="install ipykernel"):
        kernel.check(kernels(None))


# Papermill's traps: processes, values, failures


def test_a_notebook_runs_in_a_directory_of_its_own_with_typed_values_and_this_interpreter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", "my-runs")
    source = (
        "import os, sys\nopen('made.txt', 'w').close()\n"
        "print(repr((dataset, fold, fraction, seed, plot)), sys.executable, os.environ['LGDCNN_RUNS'], sep='\\n')"
    )
    path = write_notebook(tmp_path / "a.ipynb", source)
    before = path.read_bytes()
    looks = []
    notebook.run(Path("a.ipynb"), Path("build/a.ipynb"), {"plot": False, "fold": 2}, lambda: looks.append(1))
    values, interpreter, runs_directory = printed(tmp_path / "build" / "a.ipynb").splitlines()
    assert values == "('aflow', 2, 1.0, 0, False)"
    assert Path(interpreter).parent == Path(sys.executable).parent
    assert runs_directory == str(tmp_path / "my-runs")
    assert looks
    assert path.read_bytes() == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.ipynb", "build"}
    assert [entry.name for entry in (tmp_path / "build").iterdir()] == ["a.ipynb"]


def test_ctrl_c_ends_the_kernel_and_leaves_no_executed_copy(tmp_path):
    started = tmp_path / "pid"
    source = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    path = write_notebook(tmp_path / "a.ipynb", source)

    def interrupt():
        if started.exists() and started.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notebook.run(path, tmp_path / "out.ipynb", while_running=interrupt)
    kernel_process = Path("/proc") / started.read_text()
    deadline = time.monotonic() + 15
    while kernel_process.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not kernel_process.exists()
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize("n_taken", [1, worker.STARTS])
def test_a_kernel_whose_port_another_program_took_is_started_again_a_few_times(tmp_path, monkeypatch, n_taken):
    written = write_notebook(tmp_path / "notebook.ipynb", "print('hello')", parameter_cell=None)
    order = {"notebook": str(written), "output": str(tmp_path / "copy.ipynb"), "parameters": {}, "kernel": kernel.NAME}
    ports_of_a_kernel, free_port, asked = 5, LocalPortCache.find_available_port, []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def port(cache, ip):
            asked.append(ip)
            return other.getsockname()[1] if len(asked) <= n_taken * ports_of_a_kernel else free_port(cache, ip)

        monkeypatch.setattr(LocalPortCache, "find_available_port", port)
        if n_taken == worker.STARTS:
            with pytest.raises(RuntimeError, match=worker.NOT_STARTED):
                worker.main(json.dumps(order))
        else:
            assert worker.main(json.dumps(order)) == 0
            assert printed(tmp_path / "copy.ipynb").strip() == "hello"
    assert len(asked) == min(n_taken + 1, worker.STARTS) * ports_of_a_kernel
