"""How good is the order? Goldens, measures, intervals, verdicts."""
