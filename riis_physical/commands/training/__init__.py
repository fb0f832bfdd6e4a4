"""Commands that train models and write their weights."""
