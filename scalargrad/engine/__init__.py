"""The engine: a scalar that remembers how it was computed, and the chain rule over it."""
