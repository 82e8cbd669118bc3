"""From Values to programs: backward runs once on scalars that write code."""
