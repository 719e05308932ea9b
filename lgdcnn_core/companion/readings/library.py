"""Get readings from the records, or make them from the weights of trained networks."""

from collections.abc import Callable
from importlib import metadata

from lgdcnn_core.companion.readings import embeddings as embedding_readings
from lgdcnn_core.companion.readings import environments as cecv_readings
from lgdcnn_core.companion.readings.embeddings import Embeddings
from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.readings.making import Findings
from lgdcnn_core.companion.readings.network import NoNetwork, Trained, sha256_of_record, trained
from lgdcnn_core.companion.readings.record import ReadingRecord, ReadingStore, local
from lgdcnn_core.companion.readings.spec import Kind, Part, ReadingSpec
from lgdcnn_core.companion.records import provenance, sealed
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.companion.runs.store import both_stores

UMAP = "umap-learn"


class NoReading(RuntimeError):
    """A reading is not recorded, and cannot be made here."""


def cecv(run: RunSpec, element: str = "Si", part: Part = "test", recompute: bool = False) -> Environments:
    """Return the EFMs, clusters and CECVs of an element's compounds in a trained network's layers.

    Parameters
    ----------
    run
        The training whose network is read.
    element
        Symbol of the focus element.
    part
        ``"test"``, ``"val"`` or ``"train"``.
    recompute
        Read the network again, even where there is a record; needs its weights. The result goes to the local store.

    Raises
    ------
    NoReading
        If there is neither a record nor a network, or the record comes from another training than the recorded one;
        the message says what to do.
    """
    spec = ReadingSpec("cecv", run, element, part)
    return cecv_readings.view(*_record(spec, recompute))


def embeddings(
    run: RunSpec, element: str = "Si", part: Part = "test", recompute: bool = False, trained: bool = True
) -> Embeddings:
    """Return the maps of a network's layers; parameters and errors are as in `cecv`, `trained` as in `ReadingSpec`."""
    spec = ReadingSpec("embeddings", run, element, part, trained)
    return embedding_readings.view(*_record(spec, recompute))


def make(spec: ReadingSpec, store: ReadingStore, replace: bool = False) -> ReadingRecord:
    """Read a trained network, and write the record.

    Parameters
    ----------
    spec
        The reading.
    store
        Store of the record.
    replace
        Replace the existing record once the new one is made.

    Raises
    ------
    lgdcnn_core.companion.readings.NoNetwork, lgdcnn_core.companion.readings.ForeignWeights
        If the trained network is not here.
    lgdcnn_core.companion.runs.RecordExists
        If there is a record already and `replace` is false.
    """
    begun = provenance.begin()
    network = trained(spec)
    found = _MEASURES[spec.kind](spec, network)
    made = provenance.made_now(ReadingRecord, begun)
    own_versions = {UMAP: metadata.version(UMAP)} if spec.kind == "embeddings" else {}
    record = ReadingRecord(
        spec=spec,
        settings=found.settings,
        layers=found.layers,
        results=found.results,
        source=network.source,
        seconds=found.seconds,
        peak_memory=network.model.compute_.peak_memory(),
        **made | {"versions": made["versions"] | own_versions},
        outputs=sealed.hashes(found.files),
    )
    if replace:
        store.discard(spec)
    store.write(record, found.files)
    return record


_MEASURES: dict[Kind, Callable[[ReadingSpec, Trained], Findings]] = {
    "cecv": cecv_readings.measure,
    "embeddings": embedding_readings.measure,
}


def _record(spec: ReadingSpec, recompute: bool) -> tuple[ReadingRecord, ReadingStore, dict[str, bytes]]:
    """Return the record, its store and its files; make it if need be."""
    here = local(spec.kind)
    store = None if recompute else next((each for each in ReadingStore.both(spec.kind) if spec.key in each), None)
    if store is None:
        try:
            make(spec, here, replace=recompute)
        except NoNetwork as error:
            raise NoReading(f"{spec.kind} of {spec.key} cannot be made: {error}") from error
        store = here
    record, files = store.read_with_files(spec.key)
    trainings = {sha256_of_record(each, spec.run) for each in both_stores() if spec.run.key in each}
    if trainings and record.source["run"] not in trainings:
        raise NoReading(
            f"the {store.name} record of {spec.kind} of {spec.key} comes from another training than the recorded one: "
            "remove its directory to make it again"
        )
    return record, store, files
