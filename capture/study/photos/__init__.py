"""One photo of a study: what its file says, what its corners tell, which row it belongs to."""
