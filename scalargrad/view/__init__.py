"""Pictures, tables and derivations of a graph."""
