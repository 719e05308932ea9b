"""Compute all verdicts from the records of one store, notebook by notebook."""

from collections.abc import Callable, Iterable
from itertools import product

import pandas as pd

from lgdcnn_core import benchmarks, cecv
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion import design, readings, runs, uncertainty
from lgdcnn_core.companion.claims import (
    across_sets,
    cecv_guides_design,
    cecv_vector,
    converges,
    each_number,
    embeddings_order,
    errors,
    fast_recipe,
    fraction_of_cost,
    fusion_comprehends,
    local_layers,
    lower_errors,
    sample_efficiency,
    share_of_peak,
    stated_uncertainties,
    surpasses,
)
from lgdcnn_core.companion.claims.evidence import CLOSER, ELEMENTS, NETWORKS, READ, Evidence, published_errors
from lgdcnn_core.companion.claims.verdict import Verdict, untested
from lgdcnn_core.companion.runs import convergence, curves
from lgdcnn_core.training import PAPER

SEED = 0
"""Seed of the random orders and choices of compounds."""

OURS = (lower_errors.CLAIM, fraction_of_cost.CLAIM)
"""Claims of ours that the README shows."""

ORDERS = 100
"""Random orders of the compounds, and random choices of them, behind the bands."""


def of_notebook(name: str, evidence: Evidence | None = None) -> list[Verdict]:
    """Compute the verdicts that a notebook shows.

    Parameters
    ----------
    name
        Name of the notebook, such as "02_benchmark_table".
    evidence
        The records; the default is the committed ones.

    Raises
    ------
    KeyError
        If no verdict belongs to the notebook.
    """
    return NOTEBOOKS[name](evidence or Evidence())


def all_verdicts(evidence: Evidence | None = None) -> list[Verdict]:
    """Compute every verdict, in the order of the notebooks; from committed records by default."""
    evidence = evidence or Evidence()
    return [each for make in NOTEBOOKS.values() for each in make(evidence)]


def headlines(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Choose the verdicts that the README shows: claims of the paper, and ours about errors and time.

    Whether L-G-DCNN is more accurate than CrabNet is answered once, over all data sets together; whether it is more
    sample-efficient, against CrabNet.
    """
    shown = [each for each in verdicts if each.by == "paper" or each.claim in OURS]
    return [each for each in shown if each.claim not in (surpasses.CLAIM_ALIKE, sample_efficiency.CLAIMS["trees"])]


def each_published_number(evidence: Evidence | None = None) -> list[Verdict]:
    """Compute one verdict for each number that the paper prints for L-G-DCNN, Table 1 and then Table 2."""
    evidence = evidence or Evidence()
    extended = published_errors(benchmarks.names("extended"))[surpasses.MODEL]
    matbench = surpasses.matbench_means()[surpasses.MODEL]
    return [
        *each_number.verdicts(_table_1(evidence), extended, 1),
        *each_number.verdicts(_table_2(evidence), matbench, 2),
    ]


def _benchmark_table(evidence: Evidence) -> list[Verdict]:
    names = benchmarks.names("extended")
    records = evidence.of(names)
    longest = runs.longest_schedules(records)
    less = runs.without_pure_elements(longest, evidence.run_stores)
    both = [
        lower_errors.together(runs.summarise(rows), runs.ensembles(rows, evidence.run_stores, pure_elements=whole))
        for rows, whole in ((longest, True), (less, False))
    ]
    standings = lower_errors.standings(both[0], published_errors(names), both[1])
    alike = records[~records["refit"].astype(bool)]
    differences = runs.paired_differences(alike, surpasses.MODEL, surpasses.RIVAL, evidence.run_stores)
    return [
        errors.overall(_table_1(evidence), 1, len(names)),
        surpasses.by_published_numbers(),
        surpasses.trained_alike(differences)[0],
        lower_errors.verdict(standings, evidence.store),
    ]


def _convergence(evidence: Evidence) -> list[Verdict]:
    comparable = evidence.comparable_curves
    pair = comparable[comparable["model"].isin([converges.MODEL, converges.RIVAL])]
    reached = convergence.reached(pair, convergence.targets(pair, converges.MODEL, PAPER.name))
    compared = convergence.compare(reached, converges.MODEL, converges.RIVAL)
    code = fraction_of_cost.published_code()
    timed = comparable[(comparable["recipe"] == lower_errors.RECIPE) & comparable["dataset"].isin(code["dataset"])]
    of_code = convergence.reached(curves.undisturbed(timed), fraction_of_cost.targets(code))
    beside = fraction_of_cost.beside_published_code(convergence.summarise_reached(of_code, ["target"]), code)
    return [*converges.verdicts(compared), fraction_of_cost.verdict(of_code, beside, lower_errors.RECIPE)]


def _matbench_table(evidence: Evidence) -> list[Verdict]:
    tasks = benchmarks.names("matbench", kind="regression")
    return [errors.overall(_table_2(evidence), 2, len(tasks) * N_FOLDS)]


def _cecv(evidence: Evidence) -> list[Verdict]:
    panels = _panels(evidence)
    return [
        *_printed_vector(evidence),
        *local_layers.verdicts(panels),
    ]


def _printed_vector(evidence: Evidence) -> list[Verdict]:
    element, layer = benchmarks.published("lgdcnn_paper_cecv")[["element", "layer"]].iloc[0]
    read = evidence.environments(CLOSER, element)
    if read is None:
        why = f"There is no reading of {CLOSER.model} on {benchmarks.card(CLOSER.dataset).label}."
        return [untested(claim, by, why, cecv_vector.NOTEBOOK) for claim, by in cecv_vector.CLAIMS.items()]
    efms = read.efms(layer)
    shuffled = cecv.shuffle_band(efms, SEED, n_replicates=ORDERS)
    chosen = cecv.subsample_band(efms, SEED, n_replicates=ORDERS)
    return cecv_vector.verdicts(read, layer, [shuffled, chosen])


def _design(evidence: Evidence) -> list[Verdict]:
    if not evidence.evaluations:
        return [cecv_guides_design.no_study()]
    return [cecv_guides_design.verdict(design.predictive_power(design.scores(evidence.evaluations)))]


def _embeddings(evidence: Evidence) -> list[Verdict]:
    maps = evidence.embeddings(CLOSER, ELEMENTS[0])
    if maps is None:
        why = f"There is no reading of {CLOSER.model} on {benchmarks.card(CLOSER.dataset).label}."
        order = untested(embeddings_order.CLAIM, "paper", why, embeddings_order.NOTEBOOK)
    else:
        order = embeddings_order.of_maps(maps, evidence.embeddings(CLOSER, ELEMENTS[0], trained=False))
    return [order, fusion_comprehends.of_readings(_every_reading(evidence))[0]]


def _across_sets(evidence: Evidence) -> list[Verdict]:
    return [across_sets.verdict(across_sets.scores(evidence.records, across_sets.RIVAL))]


def _uncertainty(evidence: Evidence) -> list[Verdict]:
    cases = evidence.uncertain
    return stated_uncertainties.verdicts(uncertainty.fit(cases), uncertainty.intervals(cases))


def _speed(evidence: Evidence) -> list[Verdict]:
    return [share_of_peak.verdict(evidence.speeds)]


def _recipe(evidence: Evidence) -> list[Verdict]:
    records = evidence.records
    settings = records["recipe"].map({"paper": "published", "fast": "exact"})
    own = (records["model"] == surpasses.MODEL) & (records["setting"] == settings) & ~records["refit"].astype(bool)
    of_both = runs.longest_schedules(records[own])
    differences = runs.paired_differences(of_both, "fast", "paper", evidence.run_stores, by="recipe")
    return [fast_recipe.verdict(differences, of_both)]


def _efficiency(evidence: Evidence) -> list[Verdict]:
    points = evidence.efficiency
    return [
        sample_efficiency.verdict(rival, sample_efficiency.compare(points, rival, evidence.run_stores))
        for rival in sample_efficiency.CLAIMS
    ]


def _table_1(evidence: Evidence) -> pd.DataFrame:
    names = benchmarks.names("extended")
    published = published_errors(names).reset_index().melt("dataset", var_name="model", value_name="published")
    return _compared(evidence.of(names), published)


def _table_2(evidence: Evidence) -> pd.DataFrame:
    names = benchmarks.names("matbench", kind="regression")
    folds = surpasses.matbench_folds().rename(columns={"task": "dataset", "mae": "published"})
    return _compared(evidence.of(names), folds[["dataset", "fold", "model", "published"]])


def _compared(records: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    return errors.against_published(runs.summarise(records), published, records)


def _panels(evidence: Evidence) -> dict[tuple[str, str], dict[str, cecv.CECV]]:
    """CECVs of the last layers by network, for each data set and element for which all networks were read."""
    panels = readings.last_layers(_every_reading(evidence))
    return {case: each for case, each in panels.items() if set(each) == set(NETWORKS)}


def _every_reading(evidence: Evidence) -> dict[tuple[str, str, str], readings.Environments]:
    """Environments by data set, element and network, as far as they were read."""
    cases = product(READ, ELEMENTS, NETWORKS)
    found = {
        (dataset, element, model): evidence.environments(runs.RunSpec(dataset, model=model, **READ[dataset]), element)
        for dataset, element, model in cases
    }
    return {case: each for case, each in found.items() if each is not None}


NOTEBOOKS: dict[str, Callable[[Evidence], list[Verdict]]] = {
    "02_benchmark_table": _benchmark_table,
    "03_convergence": _convergence,
    "04_matbench_table": _matbench_table,
    "05_cecv": _cecv,
    "06_cecv_design": _design,
    "07_embeddings": _embeddings,
    "08_uncertainty": _uncertainty,
    "10_claims": _across_sets,
    "11_speed": _speed,
    "12_recipe": _recipe,
    "13_sample_efficiency": _efficiency,
}
"""Function that computes the verdicts of each notebook."""
