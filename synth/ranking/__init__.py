"""What follows from scores: judges combined, labels of pairs, pairs of candidates; and a run from answers to files."""
