"""Results to Markdown and pictures: results/*.json comes in, README, docs and PNG go out."""
