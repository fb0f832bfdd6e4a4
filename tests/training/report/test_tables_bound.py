"""The visible code's rate may come from another evaluation of the same captures."""

from __future__ import annotations

from training.report.results import _with_bound


def group(captures: int, hits: int | None) -> dict[str, object]:
    found = None if hits is None else {"hits": hits, "trials": captures}
    return {"captures": captures, "visible": {"in_photo": found, "readable": found}}


def test_bound_is_taken_over_only_where_it_fits() -> None:
    with_bound, without = group(300, 299), group(300, None)
    assert _with_bound(without, with_bound)["visible"] == with_bound["visible"]
    assert _with_bound(without, None) is without
    assert _with_bound(without, group(60, 60)) is without
    newer = group(300, 297)
    assert _with_bound(newer, with_bound) is newer
