"""Checking what a person worked out by hand."""
