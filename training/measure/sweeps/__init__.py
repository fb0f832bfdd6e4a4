"""What is found and what reads as one property of the capture gets harder at a time."""
