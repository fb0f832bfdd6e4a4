"""Field experiments: from a plan on paper to measured decode rates.

STUDY.yaml -> plan -> containers, sheets, rows -> photos -> ingest -> run -> report

Everything of one study lies in one folder: study.db (SQLite) and containers/, sheets/, photos/.
"""
