"""What the paper prints: PSNR in dB of its tables 1 to 4."""

from __future__ import annotations

TABLE_1 = {
    "no-2dt": (27.61, 27.42, 26.77, 27.55, 27.88, 42.91),
    "no-canp": (27.38, 27.35, 26.40, 27.28, 27.72, 42.74),
    "no-cem": (27.82, 27.62, 26.64, 27.46, 27.96, 43.21),
    "riis-star": (28.08, 28.01, 27.32, 28.25, 28.71, 44.19),
}
TABLE_1_COLUMNS = ("sigma=10", "poisson", "jpeg=40", "jpeg=80", "jpeg=90", "none")

TABLE_2 = {"no-canp": 42.53, "copy": 43.18, "resblock": 43.56, "riis-star": 44.19}
"""Its caption says noise of sigma 10; the figures are those of table 1 without distortion."""

TABLE_3 = {
    "hinet": (9.98, 26.93, 21.23, 11.52, 12.59),
    "isn": (8.55, 25.19, 19.38, 10.11, 11.25),
    "isn+": (27.12, 28.98, 26.71, 26.25, 27.48),
    "riis-star": (28.03, 30.01, 27.23, 27.18, 28.44),
    "riis": (28.22, 30.32, 27.47, 27.32, 28.71),
}
TABLE_3_COLUMNS = ("sigma=10", "sigma=1", "poisson", "jpeg=40", "jpeg=90")

TABLE_4 = {
    5: {
        "autoencoder-5": (32.35, 31.21),
        "isn-5": (33.77, 36.02),
        "iicnet-5": (35.64, 37.94),
        "riis-5": (35.92, 38.13),
    },
    1: {"isn": (42.53, 43.58), "hinet": (44.16, 46.48), "riis@none": (43.97, 46.71)},
}
"""Container and secret, nothing distorted."""
