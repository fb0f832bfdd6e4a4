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

# Never asks; gives up quietly, and once more after an update of the package lists.
apt = DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60
apt-install = $(apt) install -y --no-install-recommends $(1) >/dev/null 2>&1 </dev/null || \
	  { $(apt) update >/dev/null 2>&1 </dev/null && $(apt) install -y --no-install-recommends $(1) >/dev/null 2>&1 </dev/null; } || true

.PHONY: help setup reading opencv system-libraries demo test test-slow check check-page bench train-smoke clean

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
	$(BIN)/python -m pip install --quiet -c $(VENV)/constraints.txt -e '.[hide,train,eval,key,visible,study,serve,dev]'
	@$(MAKE) --no-print-directory opencv
	@touch $@

# opencv-python brings windows and their libraries; nothing here opens one, and the headless build
# of the same version is the same otherwise. pip has no way to ask for either, hence the swap.
reading: ## Make .venv-reading, the smallest installation that reads (no torch, no HEIC)
	@"$(PYTHON)" -m venv .venv-reading
	@.venv-reading/bin/python -m pip install --quiet --no-compile -c constraints-small.txt .
	@.venv-reading/bin/python -m pip uninstall --quiet --yes opencv-python
	@pinned="$$(grep '^opencv-python-headless==' constraints-small.txt)"; \
	.venv-reading/bin/python -m pip install --quiet --no-compile --no-deps "$$pinned"
	@.venv-reading/bin/riis-physical --version

# The OpenCV wheel needs libGL for windows. Where it is absent and apt may not bring it, the
# headless build of the same version does all that this toolkit asks of OpenCV.
opencv:
	@$(BIN)/python -c 'import cv2' 2>/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing libGL (libgl1, libglib2.0-0)"; \
	  $(call apt-install,libgl1 libglib2.0-0); \
	fi; \
	$(BIN)/python -c 'import cv2' 2>/dev/null && exit 0; \
	echo "no libGL: taking the headless build of OpenCV"; \
	pinned="$$(grep '^opencv-python==' constraints.txt)"; \
	$(BIN)/python -m pip uninstall --quiet --yes opencv-python; \
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps "opencv-python-headless==$${pinned#*==}"

# zbar is one of three QR decoders and the only system library; without it the others read.
system-libraries: $(READY)
	@$(BIN)/python -c 'import pyzbar.pyzbar' 2>/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing the zbar library (libzbar0)"; \
	  $(call apt-install,libzbar0); \
	fi; \
	$(BIN)/python -c 'import pyzbar.pyzbar' 2>/dev/null || \
	  echo "note: no zbar library (apt install libzbar0): QR codes are read by zxing-cpp and OpenCV alone"

demo: setup ## Hide, simulate a phone photo, scan; pictures go to demo-out/
	$(BIN)/riis-physical demo -o demo-out --force

test: setup ## Run the test suite on two cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

test-slow: setup ## Run the tests that take minutes
	$(BIN)/python -m pytest -q -m slow

check: setup ## Lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check-page: ## Check the page's modules with tsc, eslint and prettier (needs Node.js and npm)
	@command -v npm >/dev/null || { echo "install Node.js 20 or newer, which brings npm" >&2; exit 1; }
	npm ci --silent --no-audit --no-fund
	npm run --silent check

bench: setup ## Time hide on 24 megapixels and scan on 12
	$(BIN)/riis-physical measure speed

train-smoke: setup ## Train a handful of steps on IMAGES=DIR, to see that training runs
	@test -n '$(IMAGES)' || { echo "say where the pictures are: make train-smoke IMAGES=DIR" >&2; exit 2; }
	rm -rf runs/smoke
	$(BIN)/riis-physical train --config print --images '$(IMAGES)' --out runs/smoke \
	  --set steps=6 --set batch=2 --set secret_first=2 --set ramp=2 --set decouple_at=4 \
	  --set evaluate_every=6

clean: ## Remove build and tool caches (not .venv, not runs)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache demo-out
