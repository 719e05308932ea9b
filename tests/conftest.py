import matplotlib.pyplot as plt
import pytest
import torch

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import figures, runs


@pytest.fixture(scope="session")
def benchmark_data():
    """The data directory, filled on first use (45 MB), else only checked."""
    return benchmarks.fetch()


@pytest.fixture
def seeded():
    """Networks that a test makes without a seed have the same weights each time."""
    torch.manual_seed(0)


@pytest.fixture
def store(tmp_path):
    """An empty store of run records."""
    return runs.Store("local", tmp_path / "runs")


@pytest.fixture
def drawing_style():
    """Draw in the project's style, without a screen, and close what was drawn."""
    plt.switch_backend("agg")
    with plt.style.context(figures.STYLE):
        yield
    plt.close("all")


@pytest.fixture
def ax(drawing_style):
    return plt.figure(figsize=(figures.SINGLE, 2.6)).add_subplot()


@pytest.fixture(scope="module")
def fitted():
    """A small regressor, trained on ten compounds."""
    from small_regressor import TABLE, regressor

    return regressor().fit(TABLE, val=TABLE)
