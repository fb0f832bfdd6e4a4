"""Fuzzing: whatever comes in, an answer or an error of this toolkit comes out.

In the slow suite, each target for FUZZ_SECONDS of the environment (20 by default).
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riis_physical.camera import CameraProfile
from riis_physical.errors import BadImageError, ConfigError, RiisError, WeightsError
from riis_physical.images import Bounds, load_host, load_photo
from riis_physical.model.config import PRINT
from riis_physical.model.weights import config_of
from riis_physical.profile import DeviceProfile
from riis_physical.qr.soft.reading import read_revealed
from riis_physical.sheets.compose import Cutting, compose
from riis_physical.sheets.fonts import load_font
from riis_physical.sheets.layout import SheetOptions
from riis_physical.sheets.pages import Paper
from riis_physical.sheets.sources import Source
from riis_physical.system.terminal import escaped
from tests.hostile.pictures import FORMATS, stored

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
SMALL = Bounds(500_000, 100_000_000)


def fuzz(run: Any) -> None:
    """Draw examples until the time is up; a failing one is shrunk and shown."""
    checked = settings(
        max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )(run)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        checked()


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, with numbers that Python takes and others do not."""
    leaves = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=9), inner, max_size=6)
        ),
        max_leaves=20,
    )


def test_pictures_load_or_are_refused(tmp_path: Path) -> None:
    files = {kind: stored(kind) for kind in FORMATS}
    path = tmp_path / "a.png"

    @given(
        kind=st.sampled_from(sorted(FORMATS)),
        changes=st.lists(
            st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=12
        ),
        cut=st.none() | st.floats(0, 1),
    )
    def target(kind: str, changes: list[tuple[int, int]], cut: float | None) -> None:
        data = bytearray(files[kind])
        for place, value in changes:
            data[place % len(data)] = value
        path.write_bytes(data if cut is None else data[: int(cut * len(data))])
        for load in (lambda: load_photo(path, SMALL), lambda: load_host(path)):
            try:
                loaded = load()
            except BadImageError as error:
                assert len(str(error).splitlines()) == 1
            else:
                assert loaded.pixels.dtype == np.uint8
                assert loaded.pixels.ndim == 3

    fuzz(target)


def test_profiles_load_or_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    shipped = DeviceProfile.load("office-laser").model_dump(mode="json")

    @given(
        key=st.sampled_from(sorted(shipped)),
        value=json_values(),
        raw=st.none() | st.binary(max_size=60),
    )
    def target(key: str, value: Any, raw: bytes | None) -> None:
        text = json.dumps(shipped | {key: value}).encode()
        path.write_bytes(text if raw is None else raw)
        for load in (DeviceProfile.load, CameraProfile.load):
            try:
                loaded = load(path)
            except ConfigError:
                continue
            if isinstance(loaded, DeviceProfile):
                loaded.ranges()

    fuzz(target)


def test_configurations_of_models_are_taken_within_bounds() -> None:
    known = PRINT.model_dump()

    @given(key=st.sampled_from(sorted(known)), value=json_values())
    def target(key: str, value: Any) -> None:
        try:
            config = config_of("x", {"config": known | {key: value}})
        except WeightsError:
            return
        assert config.blocks <= 32
        assert config.growth * config.dense_layers <= 4096

    fuzz(target)


def test_sheets_are_laid_out_or_refused() -> None:
    font = load_font(None)
    source = Source("c.png", np.full((300, 400, 3), 128, np.uint8))
    numbers = st.floats() | st.floats(0, 500)

    @given(
        page=st.sampled_from(["A4", "A6", "Letter", "150x90"]),
        width=st.none() | numbers,
        margin=numbers,
        bleed=numbers,
        overlap=numbers,
        columns=st.integers(1, 6),
        rows=st.integers(1, 6),
        caption=st.none() | st.text(max_size=30),
        tiled=st.booleans(),
    )
    def target(
        page: str, width: float | None, margin: float, bleed: float, overlap: float,
        columns: int, rows: int, caption: str | None, tiled: bool,
    ) -> None:  # fmt: skip
        try:
            options = SheetOptions(
                Paper.parse(page), width_mm=width, margin_mm=margin, grid=(columns, rows),
                caption=caption or None,
            )  # fmt: skip
            cutting = Cutting(
                bleed_mm=bleed, tiles=Paper.parse("A4") if tiled else None, overlap_mm=overlap
            )
            done = compose([source], options, cutting, font)
        except RiisError:
            return
        assert done.pages
        assert np.isfinite(done.width_mm)

    fuzz(target)


def test_the_soft_reader_takes_any_grid_and_invents_nothing() -> None:
    @given(
        version=st.integers(1, 10),
        seed=st.integers(0, 2**32 - 1),
        scale=st.sampled_from([0.0, 1e-30, 0.1, 1.0, 10.0, 1e30]),
        spoiled=st.sampled_from([None, np.nan, np.inf, -np.inf]),
        share=st.floats(0, 1),
    )
    def target(version: int, seed: int, scale: float, spoiled: float | None, share: float) -> None:
        rng = np.random.default_rng(seed)
        side = 17 + 4 * version
        logits = (scale * rng.standard_normal((side, side))).astype(np.float32)
        if spoiled is not None:
            logits[rng.random(logits.shape) < share] = spoiled
        picture = np.tanh(np.nan_to_num(logits)).repeat(4, 0).repeat(4, 1)
        assert read_revealed(logits, picture, version) is None

    fuzz(target)


def test_escaped_text_moves_no_cursor() -> None:
    @given(st.text())
    def target(text: str) -> None:
        shown = escaped(text)
        assert all(char.isprintable() or char in "\n\t" for char in shown)
        shown.encode("utf-8")

    fuzz(target)
