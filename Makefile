# `make check` and `make test` set up all that they need by themselves; `make help` lists the rest.

KERNELS ?=
ARCHES ?=
ARGS ?=
RELEASES ?= bookworm trixie
UV = 0.13.9

PYTHON_TOOL = .venv/bin/python -m
CHOICE = $(foreach k,$(KERNELS),-k '$(k)') $(foreach a,$(ARCHES),-a '$(a)')

.PHONY: help setup check test lint unit opinion bench fresh lock clean

help:
	@echo "make check   run every program of programs/ on real kernels, both architectures"
	@echo "             KERNELS=\"6.1\" ARCHES=\"x86_64\" narrows, ARGS=\"--channel serial\" adds options;"
	@echo "             KERNELS=\"5.10 6.1 6.12 7.3\" is the whole matrix"
	@echo "make test    the whole test suite: ruff, mypy, unit, QEMU; ARGS=\"-k wire\" narrows"
	@echo "make unit    the tests that start nothing"
	@echo "make lint    ruff and mypy alone"
	@echo "make opinion the kernel's own test of get_user_pages, against what the model predicts"
	@echo "make bench   the benchmarks (boot, operations per second)"
	@echo "make fresh   check and test in minimal Debian roots, from nothing; RELEASES=\"trixie\" narrows"
	@echo "make setup   only the set-up: Debian packages and .venv"
	@echo "make lock    choose the newest versions of what pyproject.toml asks for"
	@echo "make clean   remove .venv, the tools' caches and runs/ (not the cache of builds)"

setup:
	@tools/setup.sh

check: setup
	@.venv/bin/pagelab run programs $(CHOICE) $(ARGS)

test: lint
	@$(PYTHON_TOOL) pytest $(ARGS)

lint: setup
	@$(PYTHON_TOOL) ruff check --quiet .
	@$(PYTHON_TOOL) mypy --no-error-summary $(wildcard harness opinion tests benchmarks)

unit: setup
	@$(PYTHON_TOOL) pytest tests/unit $(ARGS)

opinion: setup
	@$(PYTHON_TOOL) opinion $(CHOICE) $(ARGS)

bench: setup
	@$(PYTHON_TOOL) benchmarks $(ARGS)

fresh:
	@tools/fresh.sh $(ARGS) $(RELEASES)

# The lock serves CPython 3.11 and newer on any machine (--universal); wheels alone (--no-build).
lock:
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	python3 -m venv "$$scratch/venv" && "$$scratch/venv/bin/pip" install --quiet uv==$(UV) && \
	"$$scratch/venv/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-build --no-config --extra dev --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis runs
