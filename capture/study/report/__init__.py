"""From stored results to one page: rates with intervals, fits, comparisons, failures."""
