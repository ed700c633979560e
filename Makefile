# make run: the app on http://localhost:8501. make test: everything that CI runs. make install: .venv with all of it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export TOKENIZERS_PARALLELISM = false

.PHONY: install run test lint samples wheel clean

install: $(VENV)/.installed

# A stamp, so that a second call does nothing unless the dependencies changed.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Second Pass needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,langchain]'
	@touch $@

run: install
	$(BIN)/second-pass serve

test: lint
	@.ci/chromium
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

samples: install
	$(BIN)/python -m data.make.samples

# From a clean folder, because setuptools packs what an earlier build left in it.
wheel: install
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) build dist *.egg-info
