"""What several photos of one container read together that one does not."""
