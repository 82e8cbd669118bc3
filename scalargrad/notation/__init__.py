"""How mathematics is written: names, numbers and formulas, each once."""
