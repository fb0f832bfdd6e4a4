"""What messages look like: words and samples in, the character model of the reader out."""
