"""Figures name what they were made of, and not where it lay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from places import ROOT

RESULTS = sorted([*ROOT.glob("results/*.json"), *ROOT.glob("results/*.jsonl")])
ABSOLUTE = re.compile(r'(?<!\\)"(/(?!dev/)|[A-Za-z]:\\\\)[\w.-]+[/\\]')  # a value, no quotation


def test_the_rule_knows_a_path() -> None:
    assert ABSOLUTE.search('{"images": "/home/someone/val"}')
    assert not ABSOLUTE.search('{"images": "val", "unit": "dB / dB"}')


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.name)
def test_results_hold_no_absolute_path(file: Path) -> None:
    found = ABSOLUTE.search(file.read_text())
    assert found is None, found and found.group()
