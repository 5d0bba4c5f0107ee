# make study: what it needs and the main job in one.  make test: the whole set-up and the tests.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --no-build-isolation
STUDY := multirun/initializers_$(shell date +%Y-%m-%d_%H-%M-%S)

.PHONY: study setup test check bench lock

study: $(VENV)/installed
	$(RUN) -m fmnist_exp.data
	$(RUN) -m fmnist_exp.train --multirun experiment=initializers hydra.sweep.dir=$(STUDY)
	$(RUN) scripts/aggregate.py $(STUDY)

setup: $(VENV)/installed-dev

# The locked setuptools comes first: it builds what is published as source alone. Left to itself
# pip would fetch one that no hash vouches for.
$(VENV)/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; pass PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	sed -n '/^setuptools==/,/# via/p' requirements.lock > $(VENV)/setuptools.lock
	$(INSTALL) --require-hashes -r $(VENV)/setuptools.lock
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@

test: setup
	$(RUN) -m pytest --numprocesses 2 --dist worksteal

check: setup
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

bench: setup
	$(RUN) benchmarks/bench.py

# Needs uv. The locks name packages, versions and hashes, never a host.
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links --quiet pyproject.toml
lock:
	$(LOCK) --group build -o requirements.lock
	$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock
