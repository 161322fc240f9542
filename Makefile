# `make` lists the targets. Each installs what it needs in .venv the first time.
#
# Use the lessons
#   make run         open the lessons in the browser
# Check a change
#   make quick       the fast tests (under a minute)
#   make lint        style, types, and the checks of the front end
#   make test        all tests, in the browser too (about a quarter of an hour on two cores)
#   make claims      the lessons' sentences, over 200 states of each one's scope, and controls in every view
#   make visits      every lesson on each screen, in each mode and theme, and all that make test tries on few lessons
# Write files that are kept in the repository
#   make generate    tables in the documents, and the notebooks, from the registries
#   make frontend    bundles of the scripts and styles (Node 20; ARGS=--watch repeats at every change)
#   make pictures    the moving picture of README, and one of each lesson
#   make lock        constraints.txt: today's versions
# Read
#   make docs        the reference, a static site
# Measure
#   make bench       the page and the engine, beside stock Voila, JAX and torch.func
#   make bench-nets  neural networks, beside other libraries (ARGS=--quick)
#   make tune-race   settings of the race's methods, into its lesson (ARGS="wine iris": of some tasks)
#   make bench-defaults   the optimizers without settings, on small data (ARGS="--seeds 2 --only xor")
#   make check-cuda  the optimizers on a GPU, beside the CPU; says so where there is no GPU
#   make load        many readers at once (ARGS="--follow 100 1000": followers of a class)
#   make soak        an hour of readers who come and go: memory must not grow
#   make soak-class  five minutes of phones that come, go, sleep and change networks (ARGS="--seconds 1800")
#   make chaos       kill, stop, cut and fill what readers depend on: each of them goes on
# Attack
#   make faults      plant faults one at a time: the tests must catch each
#   make fuzz        a hundred thousand hostile requests and links
# Clean up
#   make clean       remove .venv

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test quick claims visits docs bench bench-nets tune-race bench-defaults check-cuda frontend frontend-lint lint style types lock browser clean faults fuzz generate load soak soak-class chaos pictures proxies

# Without compiled files on disk, each test worker, server and kernel would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
# Compile after the install, on all cores, and without the tests of other packages: this halves the
# time of an install, and the first page does not wait for it.
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
COMPILE := $(PY) -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib
ARGS ?=
# All tests of a file run in one worker, because they share a server, a page or a trained network.
# The slowest files run first (tests/conftest.py); xdist's own order would start them last.
BY_FILE = --dist loadfile --no-loadscope-reorder
# Two workers more than there are processors, because many tests wait for a page, a server or a kernel.
WORKERS = -n $(shell $(PY) -c "import os; print(2 + os.cpu_count())")

# The first Python on the path that is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)

# Each worker computes with one thread: the workers fill the processors, more threads only wait.
test quick claims visits fuzz: export OMP_NUM_THREADS = 1

help:
	@sed -n '/^SHELL/q; s/^# \{0,1\}//p' Makefile

run: $(VENV)/.run
	@exec $(PY) -m natgrad_lecture serve $(ARGS)

test: $(VENV)/.test browser proxies
	$(PY) -m pytest $(WORKERS) $(BY_FILE) --durations=25 $(ARGS)

quick: $(VENV)/.test
	$(PY) -m pytest -n logical $(BY_FILE) -m "not browser and not nets and not slow" tests/lecture tests/engine tests/lessons $(ARGS)

claims: $(VENV)/.test
	CLAIM_STATES=200 $(PY) -m pytest -n logical tests/lessons/test_scopes.py \
	    tests/lessons/test_silent_controls.py tests/lessons/test_controls_have_effect.py $(ARGS)

visits: $(VENV)/.test browser
	EVERY_VISIT=1 $(PY) -m pytest -m covering $(ARGS)

bench: $(VENV)/.test browser
	@[ -e build/jax ] || { echo "Installing JAX, only to measure beside it (once) ..."; $(PYTHON) -m venv build/jax && \
	  build/jax/bin/python -m pip install --quiet --disable-pip-version-check jax==0.7.2; } || rm -rf build/jax
	$(PY) -m benchmarks.engine
	$(PY) -m benchmarks.frontend $(ARGS)
	$(PY) -m benchmarks.drag_trace
	$(PY) -m benchmarks.lessons
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.net_page

bench-nets: $(VENV)/.test
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.nets $(ARGS)

tune-race: $(VENV)/.test
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.tune_race $(ARGS)

bench-defaults: $(VENV)/.test
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.defaults $(ARGS)

check-cuda: $(VENV)/.test
	$(PY) -m benchmarks.check_cuda

docs: $(VENV)/.test
	$(PY) docs/build_pages.py docs/build/source
	$(PY) -m sphinx -qW --keep-going -b html docs/build/source docs/build/site
	@echo "The reference is at docs/build/site/index.html"

generate: $(VENV)/.test
	$(PY) -m docs.generate

pictures: $(VENV)/.test browser
	$(PY) -m docs.take_pictures

faults: $(VENV)/.test
	$(PY) -m tests.mutation $(ARGS)

fuzz: $(VENV)/.test
	$(PY) -m tests.fuzz $(ARGS)

load: $(VENV)/.test
	$(PY) -m benchmarks.many_readers $(ARGS)

soak: $(VENV)/.test
	$(PY) -m benchmarks.soak $(ARGS)

soak-class: $(VENV)/.test
	$(PY) -m benchmarks.class_soak $(ARGS)

chaos: $(VENV)/.test
	$(PY) -m benchmarks.chaos $(ARGS)

# Node is needed only to change the front end: its bundles are committed.
FRONTEND := app/frontend
NODE_TOOLS := $(FRONTEND)/node_modules/.package-lock.json

frontend: $(NODE_TOOLS)
	@cd $(FRONTEND) && node build.mjs $(ARGS)

frontend-lint:
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	  $(MAKE) --no-print-directory $(NODE_TOOLS) && cd $(FRONTEND) && npm run --silent lint; \
	else \
	  echo "Node is not on the path, so the front end's types, style, unit tests and bundles were not checked."; \
	fi

$(NODE_TOOLS): $(FRONTEND)/package.json $(FRONTEND)/package-lock.json
	@command -v npm >/dev/null || { echo "The front end is bundled with Node 20 or newer, and npm is not on the path."; exit 1; }
	@echo "Installing the front end's tools (once) ..."
	@cd $(FRONTEND) && npm ci --silent
	@touch $@

lint: style frontend-lint types

style: $(VENV)/.lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.lint
	$(VENV)/bin/pyright
	$(VENV)/bin/mypy

$(VENV)/.python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed, and none is on the path."; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) (once) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

# On Linux pip's default index has PyTorch for CUDA only: 4 GB more, which nothing here uses. So ask pip
# for the CPU build, and if it does not find that, uv, which knows PyTorch's own index.
TORCH := torch==$(shell sed -n 's/^torch==//p' constraints.txt)
define cpu_torch
	@[ "$$(uname -s)" != Linux ] || $(INSTALL) -c constraints.txt '$(TORCH)+cpu' 2>/dev/null || { \
	  $(INSTALL) -c constraints.txt --target $(VENV)/uv uv && \
	  $(VENV)/uv/bin/uv pip install --quiet --no-deps --python $(PY) --torch-backend=cpu '$(TORCH)'; \
	} || echo "The CPU build of torch could not be installed; the one for CUDA takes 4 GB more."
	@rm -rf $(VENV)/uv
endef

# $(call needs,reason,requirement): install a set of extras. `make run` installs no test tools.
LESSONS := .[lecture,nets]
define needs
	@echo "Installing $(1) (once) ..."
	$(cpu_torch)
	@$(INSTALL) -c constraints.txt -e '$(2)'; $(COMPILE) || true; \
	  echo "Set up in $$SECONDS s; $(VENV) holds $$(du -sm $(VENV) | cut -f1) MB."
	@touch $@
endef

$(VENV)/.run: $(VENV)/.python pyproject.toml constraints.txt
	$(call needs,what the lessons need,$(LESSONS))

$(VENV)/.test: $(VENV)/.python pyproject.toml constraints.txt tests/peers.txt
	$(call needs,what the tests need,.[test])
	@$(INSTALL) --no-deps -r tests/peers.txt
	@touch $(VENV)/.run

$(VENV)/.lint: $(VENV)/.python pyproject.toml constraints.txt tests/peers.txt
	$(call needs,what the checks need,.[lint])
	@$(INSTALL) --no-deps -r tests/peers.txt
	@touch $(VENV)/.run $(VENV)/.test

# The system's browser, installed only by its package manager. Chromium's headless shell opens pages
# faster; without it the tests run in Chromium or Google Chrome.
browser:
	@has() { for name in "$$@"; do [ -n "$$name" ] && command -v "$$name" >/dev/null && return 0; done; return 1; }; \
	get() { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing $$1 for the browser tests (once) ..." && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$1 >/dev/null; }; \
	once() { [ ! -e build/asked-$$1 ] && mkdir -p build && touch build/asked-$$1 && get $$1; }; \
	has "$${CHROMIUM:-}" chromium-headless-shell || once chromium-headless-shell || \
	has chromium chromium-browser google-chrome google-chrome-stable || get chromium || { \
	  echo "The browser tests need Chromium or Google Chrome, and neither is on the path."; \
	  echo "Install one (Debian, Ubuntu: sudo apt-get install chromium), or say where it is: make test CHROMIUM=/path/to/it"; \
	  exit 1; }

# The proxies in front of the server in tests/deploy: JupyterHub's from npm, nginx from the system's
# packages. Without them these tests are skipped.
proxies:
	@[ -e build/proxy/node_modules/.bin/configurable-http-proxy ] || ! command -v npm >/dev/null || { \
	  echo "Installing JupyterHub's proxy for its test (once) ..."; \
	  npm install --prefix build/proxy --no-audit --no-fund --silent configurable-http-proxy@5.3.0 >/dev/null || true; }
	@[ -x /usr/sbin/nginx ] || ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ] || { \
	  echo "Installing nginx for its test (once) ..."; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nginx-light; } >/dev/null || true; }

# Pin versions, not builds: no local version (+cpu), and no package that one build of torch brings.
lock:
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[lint,setup]'
	{ echo "# The versions that the tests ran with; written by \`make lock\`."; \
	  $(VENV)-lock/bin/python -m pip --disable-pip-version-check freeze \
	  | grep -Ev '^(natgrad|nvidia-|cuda-|triton)' | sed -E 's/\+[a-z0-9.]+$$//'; } > constraints.txt
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV)
