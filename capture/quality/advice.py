"""From the quality of a capture to what a person can do about it.

Thresholds lie where simulated captures with known corners, one thing varied and all
else mild (container 600 px wide, few captures each), begin to fail, or a little before:
real ones are seldom mild in all else.
"""

from __future__ import annotations

from riis_physical.artifacts import CaptureQuality

NARROW_PX = 300.0  # read: 5 of 5 at 260 px, 3 of 5 at 220, 2 of 5 at 180, 0 of 1 at 150
BLURRED = 2.2  # px of a container 512 px wide; 5 of 5 at 2, 3 of 4 at 2.5, none of 4 at 4
MOTION = 5.5  # px likewise; 7 of 7 at 5, 6 of 7 at 7, 2 of 7 at 9
NOISY = 0.08  # 3 of 3 at 0.06, 2 of 3 at 0.1, 1 of 3 at 0.15
GLARE_SHARE = 0.1  # 7 of 7 with some 0.2 of the container, 5 of 7 with 0.28
# With these alone all captures were read, down to quality 20, 3 % of the light and 60
# degrees; a real phone adds noise in the dark and blur at such angles.
COARSE_JPEG = 35.0
DARK_LEVEL = 0.08
STEEP_DEG = 55.0
BURNT_SHARE = 0.25


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
