"""Help a notebook: the style of its pictures, errors in one line, runs and readings made where they are missing."""

import os
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from pandas.io.formats.style import Styler
from tqdm.auto import tqdm

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import design, figures
from lgdcnn_core.companion.claims.evidence import CLOSER, READ
from lgdcnn_core.companion.design.study import NAME, TASKS
from lgdcnn_core.companion.readings import (
    Embeddings,
    Environments,
    ReadingSpec,
    cecv,
    committed,
    embeddings,
    local,
    make,
)
from lgdcnn_core.companion.readings.spec import Part
from lgdcnn_core.companion.records.places import known_store
from lgdcnn_core.companion.reproduce.estimate import estimate, readable
from lgdcnn_core.companion.runs import RunRecord, RunSpec, Store, execute
from lgdcnn_core.companion.runs.store import both_stores
from lgdcnn_core.companion.runs.weights import file_of_weights
from lgdcnn_core.companion.wording import counted

PACKAGE = "lgdcnn_core"

LIVE = "JPY_SESSION_NAME"
"""Environment variable that Jupyter sets for the kernel of a notebook that someone has open."""

COMPOUNDS, EPOCHS = 6000, 12
"""Training rows and epochs of a network that is trained to be read, where this project has none: it takes minutes."""


def begin() -> None:
    """Set the style of figures; show this package's errors in one line, cells whole and an empty table as "no record".

    The message of this package's errors names the value and the way out; a traceback would hide it. Any other error
    keeps its traceback.
    """
    plt.style.use(figures.STYLE)
    pd.set_option("display.max_colwidth", None)  # pandas ends longer texts with three dots
    # Without the path of the cell that warns, which is of this machine.
    warnings.formatwarning = lambda message, category, *_, **__: f"{category.__name__}: {message}\n"
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if (shell := get_ipython()) is not None:
        shell.set_custom_exc((Exception,), _show)
        html = shell.display_formatter.formatters["text/html"]
        html.for_type(pd.DataFrame, lambda table: "no record" if table.empty else table._repr_html_())
        html.for_type(Styler, lambda styled: "no record" if styled.data.empty else styled._repr_html_())


def _show(
    shell: Any, kind: type[Exception], error: Exception, trace: TracebackType, tb_offset: int | None = None
) -> None:
    if kind.__module__.partition(".")[0] == PACKAGE:
        shell._showtraceback(kind, error, [f"{kind.__name__}: {error}"])
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def formula_field(show: Callable[[str], Iterable[object]], formula: str) -> None:
    """Show something about a formula; in JupyterLab, with a field in which to type another one.

    Elsewhere (papermill, a static page) there is no kernel to answer, and only the first formula is shown.

    Parameters
    ----------
    show
        Returns what there is to display about a formula.
    formula
        The first formula.
    """
    from IPython.display import display

    if LIVE not in os.environ:
        display(*show(formula))
        return
    import ipywidgets

    field, output = ipywidgets.Text(formula, description="formula", continuous_update=False), ipywidgets.Output()

    def answer(_: object = None) -> None:
        output.clear_output(wait=True)
        with output:
            try:
                display(*show(field.value))
            except ValueError as error:
                print(error)

    field.observe(answer, "value")
    display(field, output)
    answer()


def finish_study(minutes: float) -> None:
    """Train the candidates of the design study that this machine has not evaluated yet.

    Parameters
    ----------
    minutes
        No training begins after so many minutes; all of them take about an hour on one core.
    """
    print(f"training the candidates that are missing here, for up to {minutes:g} min; the next call goes on from there")
    with tqdm(desc="trainings", unit="training") as bar:
        until = time.monotonic() + 60 * minutes
        design.search(design.Plan(TASKS), design.local_study(NAME), lambda _: bar.update(), until)


class NoRecord(LookupError):
    """The project has no record of a run that is to be shown."""


def run_or_show(spec: RunSpec, store: str = "local", device: str | None = None) -> tuple[RunRecord, Store]:
    """Return the record of a run and the store that holds it; print whether the record was there before.

    Parameters
    ----------
    spec
        The run.
    store
        ``"local"``: make the run unless this machine has a record of it; ``"committed"``: show this project's record.
    device
        As in `training.choose`.

    Raises
    ------
    lgdcnn_core.companion.records.places.UnknownStore
        If no store has this name.
    NoRecord
        If this project has no such record; the message lists its records on the same data set.
    """
    place = {each.name: each for each in both_stores()}[known_store(store)]
    if spec.key in place:
        print(f"recorded already, shown and not trained again: {spec.key} ({store} store)")
        return place.read(spec.key), place
    if store == "committed":
        others = sorted(key for key in place.keys() if key.startswith(f"{spec.dataset}/"))  # noqa: SIM118
        raise NoRecord(f"this project has no record of {spec.key}; on this data set: {', '.join(others) or 'none'}")
    print(f"not recorded yet, so it is trained: {spec.key}", flush=True)
    return execute(spec, place, device=device), place


def make_missing(specs: Sequence[ReadingSpec], device: str | None = None) -> None:
    """Make the readings that neither store has; networks without weights are trained first.

    A message says beforehand how many are missing and how long the trainings will take here; bars show their progress.

    Parameters
    ----------
    specs
        The readings.
    device
        As in `training.choose`.

    Raises
    ------
    lgdcnn_core.benchmarks.DataError
        If the data of a reading are not there.
    """
    missing = [
        spec
        for spec in specs
        if not any(spec.key in store for store in (committed(spec.kind), local(spec.kind)) if store)
    ]
    if not missing:
        return
    untrained = list(dict.fromkeys(spec.run for spec in missing if not file_of_weights(spec.run).is_file()))
    said = f"{len(missing)} of {len(specs)} readings are missing"
    if untrained:
        seconds = sum(estimate(untrained, device))
        verb = "is" if len(untrained) == 1 else "are"
        said += f"; {counted(len(untrained), 'network')} {verb} trained for them first, about {readable(seconds)} here"
    print(f"{said}. Interrupt at any time: the next call goes on from there.", flush=True)
    for run in untrained:
        execute(run, device=device, weights=True)
    for spec in tqdm(missing, desc="readings"):
        make(spec, local(spec.kind))


def read_networks(
    datasets: Sequence[str],
    elements: Sequence[str],
    models: Sequence[str],
    part: Part = "test",
    recompute: bool = False,
    **training: Any,
) -> dict[tuple[str, str, str], Environments]:
    """Return the environments of elements in the layers of networks; missing readings are made.

    Parameters
    ----------
    datasets, elements, models
        All combinations are read; a name that comes twice counts once.
    part, recompute
        As in `readings.cecv`.
    training
        As in `run_to_read`.

    Returns
    -------
    dict
        By data set, element and network.

    Raises
    ------
    lgdcnn_core.companion.readings.NoReading
        As `readings.cecv`.
    """
    runs = {(name, model): run_to_read(name, model, **training) for name in datasets for model in models}
    cases = [
        (name, element, model)
        for name in dict.fromkeys(datasets)
        for element in dict.fromkeys(elements)
        for model in models
    ]
    make_missing([ReadingSpec("cecv", runs[name, model], element, part) for name, element, model in cases])
    return {case: cecv(runs[case[0], case[2]], case[1], part, recompute) for case in tqdm(cases, "readings")}


def closer_look(
    dataset: str,
    element: str,
    models: Sequence[str],
    part: Part = "test",
    recompute: bool = False,
    **training: Any,
) -> Environments:
    """Return the environments of an element in L-G-DCNN, or in the last of `models` if it is not among them.

    Parameters and errors are as in `read_networks`, for one network, which is read as `closer` says in `run_to_read`.
    """
    model = CLOSER.model if CLOSER.model in models else models[-1]
    read = read_networks([dataset], [element], [model], part, recompute, closer=True, **training)
    return read[dataset, element, model]


def read_maps(
    run: RunSpec, element: str, part: Part = "test", recompute: bool = False
) -> tuple[Embeddings, Embeddings | None]:
    """Return the maps of a network's layers and those before its training; missing readings are made.

    The latter are None for a network whose training starts from a trained one. Parameters and errors are as in
    `read_networks`.
    """
    states = [True] if run.source else [True, False]
    make_missing([ReadingSpec("embeddings", run, element, part, trained) for trained in states])
    trained, *untrained = (embeddings(run, element, part, recompute, state) for state in states)
    return trained, untrained[0] if untrained else None


def run_to_read(
    dataset: str,
    model: str,
    train_fraction: float | None = None,
    epochs: int | None = None,
    closer: bool = False,
    **more: Any,
) -> RunSpec:
    """Return the spec of the training whose network is read.

    Parameters
    ----------
    dataset, model
        As in `runs.RunSpec`.
    train_fraction, epochs
        None takes the value of this project's readings or, on a data set without any, the share that has about
        `COMPOUNDS` training rows, and `EPOCHS`.
    closer
        For a closer look at one network: None then takes the whole recipe for the network that this project has read
        so, `CLOSER`.
    more
        Other fields of `runs.RunSpec`.
    """
    brief = {"train_fraction": min(1.0, float(f"{COMPOUNDS / benchmarks.card(dataset).n_train:.2g}")), "epochs": EPOCHS}
    given = {"train_fraction": train_fraction, "epochs": epochs}
    own = {} if closer and (dataset, model) == (CLOSER.dataset, CLOSER.model) else READ.get(dataset, brief)
    chosen = own | {name: value for name, value in given.items() if value is not None}
    return RunSpec(dataset, model=model, **chosen, **more)
