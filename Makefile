# make demo      train, evaluate and predict with a small model, from nothing
# make test      lint, types and tests
# make fuzz      feed mutated archives, data, input and configs to the library; fails if one is not understood or refused
# make soak      kill small trainings at every file-system event; fails if one does not recover to the last bit
# make quality   format and lint
# make clean     remove what these made

VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin
INSTALL = $(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SETUP = setup.cfg pyproject.toml constraints.txt
CODE = causal_mtl tests fixtures benchmarks

# These models are too small for several threads; tests run in several processes instead.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test fuzz soak quality clean

demo: $(VENV)/.installed
	$(RUN)/causal-mtl train training_config/quickstart.jsonnet --serialization-dir runs/quickstart --force
	$(RUN)/causal-mtl evaluate runs/quickstart fixtures/triples/dev.json
	$(RUN)/causal-mtl predict runs/quickstart fixtures/quickstart_sentences.jsonl --readable

test: $(VENV)/.installed-dev
	$(RUN)/ruff check $(CODE)
	$(RUN)/ruff format --check $(CODE)
	$(RUN)/mypy causal_mtl
	$(RUN)/python -m pytest -n 2

# Each script takes --runs and --seed; `make fuzz FUZZ="--runs 500 --seed 3"` hands them on.
fuzz: $(VENV)/.installed-dev
	@status=0; for name in archives data predictor configs; do \
		script=tests/fuzz/$$name.py; \
		if [ -f $$script ]; then $(RUN)/python $$script $(FUZZ) || status=1; fi; \
	done; exit $$status

# `make soak SOAK="--sample 50 --jobs 4"` tries fewer events in more processes.
soak: $(VENV)/.installed-dev
	$(RUN)/python tests/soak/soak.py $(SOAK)

quality: $(VENV)/.installed-dev
	$(RUN)/ruff format $(CODE)
	$(RUN)/ruff check --fix $(CODE)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find causal_mtl tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(SETUP) | $(VENV)/bin/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: $(SETUP) | $(VENV)/bin/python
	$(INSTALL) --editable ".[dev]"
	touch $@ $(VENV)/.installed
