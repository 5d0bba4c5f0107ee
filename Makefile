# make study: what it needs and the main job in one.  make test: the whole set-up and the tests.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --no-build-isolation
STUDY := multirun/initializers_$(shell date +%Y-%m-%d_%H-%M-%S)

# In the order of RESULTS.md, as hydra.sweep.dir=multirun/NAME places them.
STUDIES := initializers depth depth_adam depth_batchnorm activation scale regularized ablation \
	optimizers seed_noise aa_null best ablation_best

.PHONY: study results setup test quick check bench lock

study: $(VENV)/installed
	$(RUN) -m fmnist_exp.data
	$(RUN) -m fmnist_exp.train --multirun experiment=initializers hydra.sweep.dir=$(STUDY)
	$(RUN) scripts/aggregate.py $(STUDY)

results: $(VENV)/installed
	$(RUN) -m fmnist_exp.results $(STUDIES:%=multirun/%)

setup: $(VENV)/installed-dev

# What builds packages comes first, as locked. Left to itself pip would fetch versions that no hash
# vouches for.
$(VENV)/installed: requirements-build.lock requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; pass PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements-build.lock
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@

# Three processes for the two cores of continuous integration: many tests wait for others.
test: setup
	$(RUN) -m pytest --numprocesses 3 --dist worksteal

quick: setup
	$(RUN) -m pytest --numprocesses 3 --dist worksteal -m "not slow"

check: setup
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

bench: setup
	$(RUN) benchmarks/bench.py

# Needs uv. The locks name packages, versions and hashes, never a host. What is locked already keeps
# its version; delete the locks to renew them.
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links --quiet
lock:
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group build -c requirements.lock -o requirements-build.lock
	$(LOCK) pyproject.toml --extra dev -c requirements.lock -c requirements-build.lock \
		-o requirements-dev.lock
