# Sets up the environment inside this folder and runs the demo study, the tests and the tools.
# Nothing outside the folder is written: caches and temporary files lie in .cache.

PYTHON ?= python3
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CACHE := $(CURDIR)/.cache
export XDG_CACHE_HOME := $(CACHE)
export PIP_CACHE_DIR := $(CACHE)/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# pip asks rustc for its version; where rustup answers, it writes to the home folder.
export RUSTUP_HOME := $(CACHE)/rustup
export UV_CACHE_DIR := $(CACHE)/uv
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
# Without compiled modules every job would compile its imports again.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX
export TMPDIR := $(CACHE)/tmp
export MPLCONFIGDIR := $(CACHE)/matplotlib
$(shell mkdir -p "$(TMPDIR)")

UV := .tools/bin/uv
READY := .venv/.ready
BIN := .venv/bin

.PHONY: help run slurm test quick lint format reference catalogues expected site sbom wheelhouse lock bench clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

run: $(READY) ## run the demo study: results/demo-interim
	$(BIN)/snakemake

slurm: $(READY) ## add to the environment what sends jobs to a Slurm cluster (docs/cluster.md)
	$(UV) sync --frozen --quiet --group slurm

test: lint ## check the code and run all tests
	$(BIN)/pytest -n 2 --dist worksteal --durations=10

quick: $(READY) ## run the tests that take seconds
	$(BIN)/pytest -n 2 --dist worksteal -m 'not slow'

lint: $(READY) ## check style, types and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python tools/lint_workflow.py

format: $(READY) ## put code and rules into their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

reference: $(READY) ## write the schema and the list of keys after a change of the configuration model
	$(BIN)/python -m durable reference

catalogues: $(READY) ## gather the texts of the outputs and compile their translations
	$(BIN)/python tools/catalogues.py

bench: $(READY) ## measure time and memory
	$(BIN)/python -m benchmarks

expected: $(READY) ## write what the demo study gives, which `durable qualify` expects
	$(BIN)/python tools/expected.py

site: $(READY) ## build the documentation site: dist/site/index.html
	$(BIN)/python tools/gallery.py
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --conf-dir docs . dist/site
	cp docs/site.html dist/site/index.html

sbom: $(READY) ## list every library of the lock file as CycloneDX: dist/sbom.cdx.json
	mkdir -p dist
	$(UV) export --frozen --quiet --no-dev --format cyclonedx1.5 --preview-features sbom-export \
	  --output-file dist/sbom.cdx.json

# Wheels of the Python and the system at hand, in the versions of the lock file.
wheelhouse: $(UV) ## gather durable and all that it needs in dist/wheelhouse, to install without a network (docs/install.md)
	rm -rf dist/wheelhouse
	$(UV) build --quiet --wheel --out-dir dist/wheelhouse
	$(UV) export --frozen --quiet --no-dev --extra qualify --no-emit-project --output-file dist/wheelhouse/requirements.txt
	$(PYTHON) -m pip wheel --quiet --no-deps --require-hashes \
	  --wheel-dir dist/wheelhouse --requirement dist/wheelhouse/requirements.txt
	$(PYTHON) -m pip download --quiet --no-deps --dest dist/wheelhouse pip  # pipx wants one of its own
	rm -f dist/wheelhouse/.gitignore

lock: $(UV) ## resolve the dependencies again
	$(UV) lock

clean: ## remove the environment, caches and results
	rm -rf .venv .tools .cache .snakemake dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

$(READY): uv.lock pyproject.toml $(UV)
	@echo 'Installing the locked environment into .venv (about a minute)'
	$(UV) sync --frozen --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	touch $@

# Into a folder, not an environment: needs pip only, and works where the venv module is missing.
$(UV): .ci/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { \
	  echo 'Python 3.11 to 3.14 is needed: make PYTHON=/path/to/python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -m pip --version > /dev/null || { \
	  echo 'pip is needed for $(PYTHON) (Debian, Ubuntu: apt install python3-pip)' >&2; exit 1; }
	rm -rf .tools
	$(PYTHON) -m pip install --quiet --require-hashes --target .tools --requirement .ci/uv.txt
	touch $@
