"""Notebooks and site in a real browser; `make test-browser` runs this, since it needs Chromium and minutes."""

import functools
import http.server
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright

TOP = Path(__file__).parents[1]
SITE = TOP / "build" / "site"
NOTEBOOKS = sorted(path.name for path in (TOP / "notebooks").glob("*.ipynb"))

SECONDS_TO_START = 60
SECONDS_TO_RUN = 300
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1400, "height": 900}

SETTINGS = {
    # Cells out of sight are drawn as well, so that they can be looked at.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    # Nothing from the network, and no question that covers the page.
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
}

READY = """name => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.context?.path === `notebooks/${name}` && panel.content?.model
        && panel.sessionContext?.session?.kernel?.status === "idle";
}"""
RUN = """() => {
    window.ran = undefined;
    window.jupyterapp.commands.execute("notebook:run-all-cells").then(() => { window.ran = true; });
}"""
MODEL = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON()"
BROKEN_PICTURES = """() => [...document.querySelectorAll("img")]
    .filter(picture => !picture.complete || picture.naturalWidth === 0).map(picture => picture.getAttribute("src"))"""
WIDGETS = """() => [...document.querySelectorAll(".jp-OutputArea-output")]
    .filter(output => output.querySelector(".jupyter-widgets")).length"""
FOUND = """found => [...document.querySelectorAll("#search-results a")].some(link => link.href.includes(found))"""
UNRENDERED = """() => [...document.querySelectorAll(".jp-OutputArea-output")].map(output => output.textContent)
    .filter(text => /Error displaying widget|Loading widget|Error creating widget/.test(text))"""


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window and without a network of its own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Chromium is needed: install the package chromium of this system")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=quiet)
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A page of a desktop's size."""
    with browser.new_context(viewport=DESKTOP) as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address and token of a JupyterLab on a free port, over copies of the notebooks, with stores of its own."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(TOP / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    broken(folder / "notebooks" / "broken.ipynb")
    # It shows this project's record, since training its network takes longer than all other notebooks together.
    train = folder / "notebooks" / "01_train.ipynb"
    train.write_text(train.read_text().replace('store = \\"local\\"', 'store = \\"committed\\"', 1))
    for name, values in SETTINGS.items():
        (folder / "settings" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "settings" / name).write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    places = {"LGDCNN_RUNS": "runs", "LGDCNN_FIGURES": "figures", "JUPYTER_CONFIG_DIR": "config"}
    places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    options = ["--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder,
            env=os.environ | {name: str(folder / place) for name, place in places.items()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/status?token={token}", server, folder / "log")
            yield address, token
        finally:
            server.terminate()
            server.wait()


def wait_for(url, server, log):
    """Wait until a server answers; fail with what it printed if it does not."""
    pause = threading.Event()
    for _ in range(SECONDS_TO_START):
        try:
            urllib.request.urlopen(url).close()
        except urllib.error.URLError:
            if server.poll() is not None:
                break
            pause.wait(1)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def broken(path):
    """A notebook with everything that must not be: an error, a picture that is missing, a widget without a model."""
    widget = {"application/vnd.jupyter.widget-view+json": {"version_major": 2, "version_minor": 0, "model_id": "gone"}}
    sources = [
        f"from IPython.display import HTML, display\ndisplay({widget!r}, raw=True)",
        "HTML('<img src=\"gone.png\">')",
        "1 / 0",
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def run(page, lab, name):
    """Open a notebook in JupyterLab, run all of it, and return what is wrong with what the browser shows."""
    address, token = lab
    # In a workspace of its own: the common one opens the notebooks before, and brings them to the front.
    page.goto(f"{address}/lab/workspaces/{Path(name).stem}/tree/notebooks/{name}?token={token}")
    page.wait_for_function(READY, arg=name, timeout=1000 * SECONDS_TO_START)
    page.evaluate(RUN)
    page.wait_for_function("() => window.ran", timeout=1000 * SECONDS_TO_RUN)
    outputs = [output for cell in page.evaluate(MODEL)["cells"] for output in cell.get("outputs", [])]
    wrong = [f"{output['ename']}: {output['evalue']}" for output in outputs if output["output_type"] == "error"]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    shown = page.locator(".jp-OutputArea-output img").count()
    if shown < kinds.count("image/png"):
        wrong.append(f"{kinds.count('image/png')} pictures were drawn, {shown} are shown")
    # JupyterLab asks its server for the file; the notebook has the name alone.
    broken = [Path(urllib.parse.urlsplit(source).path).name for source in page.evaluate(BROKEN_PICTURES)]
    wrong += [f"picture {name} is missing" for name in broken]
    widgets, views = page.evaluate(WIDGETS), kinds.count("application/vnd.jupyter.widget-view+json")
    unrendered = page.evaluate(UNRENDERED)
    if widgets + len(unrendered) < views:
        wrong.append(f"{views} widgets were made, {widgets} are shown")
    wrong += [f"widget: {text.strip()}" for text in unrendered]
    return wrong


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_in_jupyterlab_and_shows_all_its_pictures_and_widgets(page, lab, name):
    assert run(page, lab, name) == []


def test_an_error_a_missing_picture_and_a_dead_widget_are_noticed(page, lab):
    error, picture, widget = sorted(run(page, lab, "broken.ipynb"), key=lambda said: "picture widget".find(said[:6]))
    assert error == "ZeroDivisionError: division by zero"
    assert picture == "picture gone.png is missing"
    assert widget.startswith("widget: ")


@pytest.fixture(scope="module")
def site():
    """The built site on a free port: its address."""
    if not (SITE / "index.html").exists():
        pytest.fail("there is no site: build it with `make site`")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    class Patient(http.server.ThreadingHTTPServer):
        request_queue_size = 64  # a page asks for many files at once

    server = Patient(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_site_opens_whole_and_fits_its_width(browser, site, size):
    wrong = []
    with browser.new_context(viewport=size) as context:
        page = context.new_page()
        page.on("requestfailed", lambda request: wrong.append(f"{page.url} lacks {request.url}: {request.failure}"))
        page.on("response", lambda answer: answer.ok or wrong.append(f"{page.url} lacks {answer.url}"))
        page.on("request", lambda asked: asked.url.startswith(site) or wrong.append(f"{page.url} fetches {asked.url}"))
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        paths = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html"))]
        for path in paths:
            page.goto(f"{site}/{path}")
            wrong += [f"{path}: picture {source} is missing" for source in page.evaluate(BROKEN_PICTURES)]
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wrong.append(f"{path} is wider than the screen")
    assert len(paths) > 20
    assert wrong == []


def test_the_search_of_the_site_finds_a_function_and_a_data_set(page, site):
    for words, found in (("shuffle_band", "reference/lgdcnn_core.cecv.html"), ("matbench_jdft2d", "data/README.html")):
        page.goto(f"{site}/search.html?q={words}")
        page.wait_for_function(FOUND, arg=found)  # results appear one after another
