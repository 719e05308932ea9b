"""Notebooks to run: written for a test, and what came out of them."""

import nbformat

PARAMETERS = """
dataset = "aflow"  # name
fold = None
fraction: float = 1.0
seed = 0
plot = True
"""


def write_notebook(path, *cells, parameter_cell=PARAMETERS):
    """A notebook without a kernel name or a language, as nbformat makes it."""
    made = nbformat.v4.new_notebook()
    if parameter_cell is not None:
        made.cells = [nbformat.v4.new_code_cell(parameter_cell, metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def outputs(path):
    """Outputs of all code cells of an executed notebook."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [output for cell in cells for output in cell.outputs]


def shown(path, kinds=("text/stream", "text/markdown", "text/html", "text/plain")):
    """All text that an executed notebook shows, each output in the first of these kinds that it has."""
    found = [{"text/stream": output.get("text")} | output.get("data", {}) for output in outputs(path)]
    texts = [next((each[kind] for kind in kinds if each.get(kind)), "") for each in found]
    return "\n".join(texts)


def n_images(path):
    return sum("image/png" in output.get("data", {}) for output in outputs(path))


def printed(path):
    return "".join(output.get("text", "") for output in outputs(path))
