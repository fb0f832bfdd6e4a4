"""Tables of one subject a file: results of the chosen measurements in, Markdown out."""
