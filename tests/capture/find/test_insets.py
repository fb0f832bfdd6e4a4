"""Guesses inside a border that shows no inner edge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from capture.find.outlines.insets import USUAL_MARGINS, inset, inset_quads

BORDER = np.array([[-40, -40], [540, -40], [540, 340], [-40, 340]], np.float32)
PICTURE = np.array([[0, 0], [500, 0], [500, 300], [0, 300]], np.float32)


def test_the_border_is_equally_wide_all_round() -> None:
    np.testing.assert_allclose(inset(BORDER, 0.08), PICTURE, atol=1e-3)


def test_a_border_in_perspective_is_nearly_undone() -> None:
    seen = np.array([[100, 90], [700, 110], [660, 430], [130, 460]], np.float32)
    to_photo = cv2.getPerspectiveTransform(BORDER, seen)
    truth = cv2.perspectiveTransform(PICTURE[None], to_photo)[0]
    np.testing.assert_allclose(inset(seen, 0.08), truth, atol=6)


@pytest.mark.parametrize("others", [[], [PICTURE * 0.4 + 30], [PICTURE + 1000]])
def test_guesses_are_made_where_no_picture_was_found(others: list[np.ndarray]) -> None:
    assert len(inset_quads([BORDER, *others])) == len(USUAL_MARGINS)


def test_a_picture_that_was_found_needs_no_guess() -> None:
    assert inset_quads([BORDER, PICTURE]) == []
    assert inset_quads([]) == []
