# make help lists the targets. Only Python 3.11 or later and make must be installed.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
PROFILE ?= quick
ARGS ?=
KILLS ?= 100

.DEFAULT_GOAL := help
.PHONY: help setup data reproduce test test-kills test-browser lab figures site leaderboard weights benchmark lint lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1|/' | column -t -s '|'
	@echo
	@echo "make reproduce                 PROFILE=quick: two networks on small sets, fifteen minutes"
	@echo "make reproduce PROFILE=ours    our recipe and tree baselines on all 28 sets; resumable"
	@echo "make reproduce PROFILE=paper   the whole paper: all sets, networks and folds, 300 epochs; resumable"
	@echo "make reproduce PROFILE=efficiency   errors against the number of training compounds; resumable"
	@echo "make reproduce PROFILE=paper ARGS=--dry-run   an estimate of the time on this machine, by data set"

setup: $(INSTALLED)  ## create .venv with the locked versions

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; say which with make PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) and the versions of requirements.lock ..."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(RUN) -m ipykernel install --sys-prefix --name python3 --display-name "Python 3" >/dev/null
	@touch $@

data: $(INSTALLED)  ## fetch and check the 28 data sets and 3 extras (45 MB)
	@$(RUN) -m lgdcnn_core.benchmarks

reproduce: $(INSTALLED)  ## train, run every notebook, draw every figure, compare (PROFILE=quick, ours, paper or efficiency)
	@$(RUN) -m lgdcnn_core.companion.reproduce --profile $(PROFILE) $(ARGS)

test: data  ## run the tests, 10 to 25 min
	@OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

test-kills: data  ## kill trainings, unpackings, saves and sweeps 100 times and compare the results, 10 min (KILLS=...)
	@KILLS=$(KILLS) $(RUN) -m pytest tests/test_kills.py $(ARGS)

test-browser: data site  ## run every notebook in JupyterLab and open every page of the site, in Chromium, 10 min
	@$(RUN) -m pytest tests/in_browser.py $(ARGS)

lab: data  ## open copies of the notebooks in JupyterLab, to play with
	@$(RUN) -m lgdcnn_core.companion.reproduce.lab $(ARGS)

figures: data  ## redraw figures, gallery, executed notebooks and the ledger of claims from committed records
	@$(RUN) -m lgdcnn_core.companion.reproduce --figures
	@$(RUN) -m lgdcnn_core.companion.claims --write

site: $(INSTALLED)  ## build the static site in build/site: README, notebooks, figures, data card and reference
	@$(RUN) -m lgdcnn_core.companion.reproduce.site

leaderboard: $(INSTALLED)  ## write Matbench's results.json.gz from the records
	@$(RUN) -m lgdcnn_core.companion.reproduce.leaderboard $(ARGS)

weights: data  ## train and calibrate the ensemble "joint-ensemble", hours (ARGS=joint: the network in the package)
	@$(RUN) -m lgdcnn_core.companion.runs.shipping $(ARGS)

benchmark: $(INSTALLED)  ## measure the speed of this machine, 15 min (ARGS=--without-amx: as without a matrix unit)
	@$(RUN) -m lgdcnn_core.companion.speed $(ARGS)

lint: $(INSTALLED)  ## check style, types and workflows
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(RUN) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

lock:  ## renew requirements.lock from pyproject.toml
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet pip-tools
	@build/lock/bin/pip-compile --quiet --upgrade --extra companion --extra site --extra test --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml
	@# A local build of torch ("+cpu") is this machine's choice, not the project's.
	@sed -i.bak -E 's/^(torch==[0-9.]+)\+[a-z0-9]+/\1/' requirements.lock && rm requirements.lock.bak

clean:  ## remove build/, with this machine's records, and caches; keep data, environment and committed records
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache *.egg-info
	@find lgdcnn_core tests notebooks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
