"""One place of a photo, one version, one way up: what it shows, and what it says.

In comes a candidate; out comes a finding, read or not, with its evidence: `probe` looks at a
corner, `reveal` at the whole, `correction` undoes what a profile knows, `finding` says
whether it counts as a code, `effort` counts the work.
"""
