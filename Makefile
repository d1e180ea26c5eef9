# Everything a clone can do. Needs only Python 3.11 or newer and the package index.
#   make demo [FILE=film.mkv]   environment, models, then `keyart extract` on FILE or on a film made here
#   make test                   the whole test suite
.DEFAULT_GOAL := help
.SUFFIXES:
PYTHON ?= python3
VENV ?= .venv
OUT ?= out
PYTEST_ARGS ?=
BIN := $(VENV)/bin
PACKAGES := stream kernels engines benchmarks
DEMO_FILM := build/demo.mp4
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export FILE

.PHONY: help demo test fast lint types build gate baselines matrix lock clean
help:
	@sed -n 's/^#   //p' Makefile
	@echo 'make fast | lint | types | build | gate | baselines | matrix | lock | clean'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("keyart needs Python 3.11 or newer: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# One stamp file for each lock. `--no-deps`, so that nothing is installed that the lock does not pin.
$(VENV)/.installed-%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo 'installing $<'
	$(PIP) install --no-deps --require-hashes -r $<
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEMO_FILM): benchmarks/demo.py | $(VENV)/.installed-cpu-demo
	@mkdir -p $(@D)
	$(BIN)/python -m benchmarks.demo $@

demo: $(VENV)/.installed-cpu-demo $(if $(FILE),,$(DEMO_FILM))
	$(BIN)/keyart models pull
	@film="$${FILE:-$(DEMO_FILM)}"; set -x; $(BIN)/keyart extract "$$film" --out "$(OUT)" --overwrite
	@name="$$(basename "$${FILE:-$(DEMO_FILM)}")"; \
	  echo "The images, the contact sheet and the manifest are in $(OUT)/$$name/"

test: $(VENV)/.installed-cpu-test
	$(BIN)/keyart models pull
	tests/run.sh $(BIN)/pytest $(PYTEST_ARGS)

fast: $(VENV)/.installed-cpu-test
	MARKED="not slow and not models and not testdata and not gpu and not debian" tests/run.sh $(BIN)/pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-cpu-test
	$(BIN)/ruff check .

types: $(VENV)/.installed-cpu-test
	$(BIN)/mypy

build: $(VENV)/.installed-cpu-test
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# `gate` fails when the choice of frames got worse than benchmarks/baselines; after an intended change run `make baselines`.
gate baselines: $(DEMO_FILM)
	$(BIN)/keyart models pull
	KEYART=$(BIN)/keyart .ci/gate $(if $(filter baselines,$@),--renew)

# Does the wheel work on each Python that is here, installed without the lock?
matrix: build $(DEMO_FILM)
	$(BIN)/keyart models pull
	.ci/matrix

lock: $(VENV)/.installed-cpu-test
	UV=$(BIN)/uv requirements/lock.sh

clean:
	rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis
