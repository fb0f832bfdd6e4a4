# Targets explain themselves: run `make` or `make help`.
#
# Variables a user may set:
#   PYTHON       interpreter that makes .venv (3.11 or newer)
#   TORCH_SPEC   torch requirement in place of the pinned one, e.g. torch==2.12.1
#   TORCH_INDEX  package index to take torch from, e.g. PyTorch's CPU-only one
#   IMAGES       folder with training pictures, for train-smoke

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3,$(if $(shell command -v $(p)),$(p))))
TORCH_SPEC ?= $(shell grep '^torch==' constraints.txt)
TORCH_INDEX ?=
IMAGES ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup system-libraries demo test test-slow check bench train-smoke clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(READY) system-libraries ## Create .venv with every dependency at its tested version

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "found $$($(PYTHON) --version 2>&1), need Python 3.11 or newer: make setup PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment: install python3-venv first" >&2; exit 1; }
	@grep -v '^torch==' constraints.txt > $(VENV)/constraints.txt
	@echo '$(TORCH_SPEC)' >> $(VENV)/constraints.txt
ifneq ($(TORCH_INDEX),)
	$(BIN)/python -m pip install --quiet --index-url '$(TORCH_INDEX)' '$(TORCH_SPEC)'
endif
	$(BIN)/python -m pip install --quiet -c $(VENV)/constraints.txt -e '.[train,eval,dev]'
	@touch $@

# zbar is one of three QR decoders and the only system library; without it the others read.
system-libraries: $(READY)
	@$(BIN)/python -c 'import pyzbar.pyzbar' 2>/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  install="apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=60 libzbar0"; \
	  echo "installing the zbar library (libzbar0)"; \
	  $$install >/dev/null 2>&1 </dev/null || { apt-get update -qq >/dev/null 2>&1 </dev/null && $$install >/dev/null 2>&1 </dev/null; } || true; \
	fi; \
	$(BIN)/python -c 'import pyzbar.pyzbar' 2>/dev/null || \
	  echo "note: no zbar library (apt install libzbar0): QR codes are read by zxing-cpp and OpenCV alone"

demo: setup ## Hide, simulate a phone photo, scan; pictures go to demo-out/
	$(BIN)/riis-physical demo -o demo-out --force

test: setup ## Run the test suite
	$(BIN)/python -m pytest -q

test-slow: setup ## Run the tests that take minutes
	$(BIN)/python -m pytest -q -m slow

check: setup ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup ## Time hide on 24 megapixels and scan on 12
	$(BIN)/riis-physical bench

train-smoke: setup ## Train a handful of steps on IMAGES=DIR, to see that training runs
	@test -n '$(IMAGES)' || { echo "say where the pictures are: make train-smoke IMAGES=DIR" >&2; exit 2; }
	$(BIN)/riis-physical train --config print --images '$(IMAGES)' --out runs/smoke \
	  --set steps=6 --set batch=2 --set secret_first=2 --set ramp=2 --set decouple_at=4 \
	  --set evaluate_every=6 --set checkpoint_every=6

clean: ## Remove build and tool caches (not .venv, not runs)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache demo-out
