import pytest

from lgdcnn_core import benchmarks


@pytest.fixture(scope="session")
def benchmark_data():
    """The data directory, filled on first use (45 MB), else only checked."""
    return benchmarks.fetch()
