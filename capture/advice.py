"""From the quality of a capture to what a person can do about it.

Thresholds lie where the rate of messages read from simulated captures with the true
corners drops, one thing being varied and all else mild (container 600 px wide).
"""

from __future__ import annotations

from riis_physical.artifacts import CaptureQuality

NARROW_PX = 300.0
BLURRED = 1.8  # px of a container 512 px wide
NOISY = 0.05
COARSE_JPEG = 40.0
DARK_LEVEL = 0.16
BURNT_SHARE = 0.25
GLARE_SHARE = 0.02
STEEP_DEG = 50.0
MOTION = 4.0  # px of a container 512 px wide


def advice(quality: CaptureQuality) -> str:
    """One line for people: the likeliest reasons why a container did not read, worst first."""
    reasons = sorted(_reasons(quality), key=lambda reason: -reason[0])
    if not reasons:
        return "take the photo again, closer, straight on and in even light"
    return "; ".join(text for _, text in reasons)


def _reasons(q: CaptureQuality) -> list[tuple[float, str]]:
    """What is wrong, each with how far beyond its threshold it is (1 or more)."""
    motion = 0.0 if q.motion_px is None else q.motion_px * 512 / q.width_px
    found = [
        (
            NARROW_PX / max(q.width_px, 1.0),
            f"the container is {q.width_px:.0f} px wide in the photo: come closer",
        ),
        (q.glare / GLARE_SHARE, f"glare on the {q.glare_place}: change the angle"),
        (motion / MOTION, "motion blur: hold still"),
        (
            0.0 if motion >= MOTION else q.blur / BLURRED,
            "out of focus: focus on the picture, or step back",
        ),
        (DARK_LEVEL / max(q.level, 1e-3), "very dark: add light"),
        (q.clipped / BURNT_SHARE if q.glare_place is None else 0.0, "overexposed: less light"),
        (q.noise / NOISY, "noisy: add light"),
        (
            COARSE_JPEG / max(q.jpeg_quality, 1.0),
            f"JPEG quality {q.jpeg_quality:.0f}: send the original file",
        ),
        (q.angle_deg / STEEP_DEG, f"seen at {q.angle_deg:.0f} degrees: stand in front of it"),
    ]
    return [reason for reason in found if reason[0] >= 1.0]
