"""Benchmarks of the local Confluence."""
