# Everything that a person or a CI job does with the project. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test bench fuzz lint format install clean

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
SWIFT ?= swift
PYTHON ?= python3
# torch's default Linux wheel carries CUDA (several GB); name an index that has the CPU build here.
TORCH_INDEX ?=

# The runtime goes into the binary, so that an installed tieconv needs no Swift on the machine.
RELEASE := -c release --static-swift-stdlib
BINARY := .build/release/tieconv
VENV := .venv
REQUIREMENTS := Tests/Interop/requirements.txt
INSTALLED := .venv/requirements.installed

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Find, drop and prove a duplicated head in testdata/demo-model
	@.ci/ensure build
	@$(SWIFT) build $(RELEASE) --product tieconv
	@.ci/demo $(BINARY)

test: $(INSTALLED) ## Run the Swift tests, then the interop suite against real clients and the fault suite
	@.ci/ensure build
	@$(SWIFT) build --build-tests
	@status=0; \
	if command -v qemu-aarch64 && command -v aarch64-linux-gnu-gcc && command -v ld.lld; then \
	  Tests/NeonCheck/run.sh || status=1; \
	else \
	  echo "NEON self-check skipped: needs qemu-user, gcc-aarch64-linux-gnu and lld"; \
	fi; \
	$(SWIFT) test --skip-build || status=1; \
	TIECONV=.build/debug/tieconv $(VENV)/bin/python -m pytest -n 2 --dist loadgroup Tests/Interop \
	  || status=1; \
	TIECONV=.build/debug/tieconv $(VENV)/bin/python -m pytest Tests/Faults || status=1; \
	exit $$status

bench: $(INSTALLED) ## Measure against cp, memory bandwidth, safetensors.torch and transformers
	@.ci/ensure build
	@$(SWIFT) build $(RELEASE) --product tieconv
	@$(VENV)/bin/python Tests/Bench/bench.py --tieconv $(BINARY) $(BENCH_FLAGS)
	@Tests/KernelBench/run.sh

fuzz: ## Fuzz every parser for FUZZ_SECONDS (60)
	@.ci/ensure build
	@$(SWIFT) run $(RELEASE) tieconv-fuzz --seconds $(FUZZ_SECONDS)

lint: ## Check style, import directions, symbol prefixes and file lengths
	@.ci/ensure build
	@$(SWIFT) build --target CTieConvKernels
	@$(SWIFT) build --target CLinux
	@status=0; \
	.ci/lint || status=1; \
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests || status=1; \
	exit $$status

format: ## Rewrite the Swift files in the project's style
	@$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

install: ## Install tieconv, its shell completions and man page under DESTDIR/PREFIX
	@.ci/ensure build
	@$(SWIFT) build $(RELEASE) --product tieconv
	@$(SWIFT) build --product generate-manual
	@.ci/install $(BINARY) "$(DESTDIR)$(PREFIX)"

clean: ## Remove what was built, the Python environment included
	@rm -rf .build $(VENV)

$(INSTALLED): $(REQUIREMENTS)
	@.ci/ensure test
	@$(PYTHON) -m venv $(VENV)
	@if [ -n "$(TORCH_INDEX)" ]; then \
	  $(VENV)/bin/pip install --quiet --no-deps --index-url $(TORCH_INDEX) \
	    "$$(grep '^torch==' $(REQUIREMENTS))"; \
	fi
	@$(VENV)/bin/pip install --quiet --requirement $(REQUIREMENTS)
	@touch $@
