"""The frozen graph of a computation, its paths, derivations and tables."""
