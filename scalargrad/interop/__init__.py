"""Ways out and in: PyTorch, SymPy, Graphviz."""
