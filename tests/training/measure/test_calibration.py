"""The measurements of calibration and of what a profile gains, on few photos."""

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from riis_physical.errors import ConfigError, OutputError
from training.measure.calibration.correction import (
    WAYS,
    CorrectionSettings,
    ThreeWays,
    evaluate_correction,
)
from training.measure.calibration.recovery import (
    TARGETS,
    Recovery,
    RecoverySettings,
    evaluate_calibration,
)
from training.report.results import load_results
from training.report.tables import TABLES


def test_calibration_is_measured_and_tabled(tmp_path: Path) -> None:
    out = tmp_path / "calibration.json"
    settings = RecoverySettings(n=1, lenses=0, seed=1001)
    result = evaluate_calibration(settings, out, recovery=Recovery(settings))
    assert json.loads(out.read_text()) == result
    (photo,) = result["photos"]
    assert photo["tone"] <= TARGETS["tone"] and photo["blur"] <= TARGETS["blur"]
    assert result["tone"]["measured"] == result["tone"]["within"] == 1
    assert result["lens_px"] == {"measured": 0}
    table = TABLES["calibration"](load_results(tmp_path))
    assert "| 1 | 0.020 | 100 % (21 to 100) |" in table
    assert table.splitlines()[-1].count("not measured") == 6
    with pytest.raises(OutputError, match="exists already"):
        evaluate_calibration(settings, out)
    with pytest.raises(ConfigError, match="expected 1 or more"):
        RecoverySettings(n=0)


@pytest.mark.slow
def test_what_a_profile_gains_is_measured(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    for name in ("astronaut", "coffee"):
        Image.fromarray(np.asarray(getattr(skimage.data, name)())).save(hosts / f"{name}.png")
    settings = CorrectionSettings(str(hosts), n=2, strength=1.0, model="print-1")
    result = evaluate_correction(settings, tmp_path / "out.json", ways=ThreeWays(settings))
    assert result["captures"] == 2 and set(result["decoded"]) == set(WAYS)
    assert result["fitted_minus_without"]["modules_pairs"] <= 2
