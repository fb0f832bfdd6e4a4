"""The paper's tables and figures, ours beside its own, from the result of `measure paper`."""
