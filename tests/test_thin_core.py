"""The core alone: without the companion's packages, and without waiting for what nobody asked for."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PACKAGES = Path(__file__).parent.parent / "pyproject.toml"
IMPORTED_AS = {"umap-learn": "umap"}
BELOW = ["IPython", "ipykernel", "jupyter_core", "nbformat", "numba", "openTSNE", "notebook"]
"""Packages that come with those of the companion."""

WITHOUT = """
import sys

class Without:  # finds none of the blocked packages, as if they were not installed
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *place):
        return None if name.partition(".")[0] in BLOCKED else self.finder.find_spec(name, *place)

    def __getattr__(self, name):
        return getattr(self.finder, name)

BLOCKED = set(sys.argv[1].split(","))
assert not BLOCKED & set(sys.modules)
sys.meta_path[:] = map(Without, sys.meta_path)
"""

EVERYTHING = """
import numpy as np
import pandas as pd
from lgdcnn_core import CompositionRegressor, benchmarks, cecv, elements
from lgdcnn_core.training import FAST, PAPER

data = pd.read_csv(sys.argv[2], keep_default_na=False)
for model, recipe, setting in (("DCNN", PAPER, "published"), ("LSTM", FAST, "exact")):
    recipe = recipe.with_changes(epochs=1)
    fitted = CompositionRegressor(model, recipe, setting, progress=False)
    fitted.fit(data, checkpoint=Path(sys.argv[3] + ".pt"))
    mean, std = fitted.predict(data, return_std=True)
    loaded = CompositionRegressor.load(fitted.save(sys.argv[3]))
    assert np.array_equal(loaded.predict(data), mean)
    assert np.isfinite(loaded.score(data))
    Path(sys.argv[3] + ".pt").unlink()
assert all(np.isfinite(elements.table(name).vectors).all() for name in elements.names())
classes = CompositionRegressor("LSTM", FAST.with_changes(epochs=1), classification=True, progress=False)
classes.fit(data["formula"], [0, 1] * 5, val=(data["formula"], [1, 0] * 5))
(vector, *_) = cecv.layer_efms(fitted.network_, fitted.batches(data), focus=8).cecvs().values()
assert vector.n_compounds == 3
assert len(benchmarks.load("matbench_jdft2d", fold=0).train) > 400
print("done", sorted(BLOCKED & set(sys.modules)))
"""

ON_WINDOWS = """
from lgdcnn_core import CompositionRegressor, benchmarks, cecv
from lgdcnn_core.training import FAST

fitted = CompositionRegressor("LSTM", FAST.with_changes(epochs=1), progress=False).fit(["NaCl", "KCl"], [1, 2])
print("done", fitted.compute_.peak_memory())
"""

IMPORTS = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_does_all_its_work_without_the_packages_of_the_companion(tmp_path, benchmark_data):
    from compounds import FORMULAS

    extras = tomllib.loads(PACKAGES.read_text())["project"]["optional-dependencies"]
    named = [re.split(r"[<>=;\[]", requirement)[0].strip() for requirement in extras["companion"]]
    blocked = [IMPORTED_AS.get(name, name) for name in named] + BELOW
    table = tmp_path / "mine.csv"
    rows = [f"{formula},{number}" for number, formula in enumerate(FORMULAS)]
    table.write_text("\n".join(["formula,target", *rows]))
    code = WITHOUT + "from pathlib import Path\n" + EVERYTHING
    said = python(code, ",".join(blocked), str(table), str(tmp_path / "model.safetensors"))
    assert said == "done []\n"


def test_the_core_does_without_the_modules_that_windows_lacks():
    """Peak memory is then not known, and nothing else is missing."""
    assert python(WITHOUT + ON_WINDOWS, "resource,fcntl,termios,pwd,grp") == "done {}\n"


def modules_after(statement: str) -> set[str]:
    return {name.partition(".")[0] for name in json.loads(python(IMPORTS.format(statement=statement)))}


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"numpy", "pandas", "pymatgen", "pytorch_optimizer", "scipy", "sklearn", "torch"}
    assert not modules_after("import lgdcnn_core") & heavy


def test_the_regressor_comes_without_what_only_some_trainings_need():
    found = json.loads(python(IMPORTS.format(statement="from lgdcnn_core import CompositionRegressor")))
    late = ("pytorch_optimizer", "torch._dynamo", "sklearn.metrics", "matplotlib", "seaborn", "IPython", "umap")
    assert not [name for name in found if name.startswith(late)]
