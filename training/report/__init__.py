"""Results to Markdown and pictures: results/*.json comes in, README, docs and PNG go out.

`tables` is the door: `results` chooses the measurements, `sections` and `paper` write each table.
"""
