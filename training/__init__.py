"""Making models and measuring them.

`hiding` and `detector` train, `measure` measures, `report` shows.

Nothing here is needed to hide or to read; it sees the product, the product never sees it.
"""
