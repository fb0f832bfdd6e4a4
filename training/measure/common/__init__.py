"""What all measurements share: draws, trials, journal, workers, intervals, where it was made."""
