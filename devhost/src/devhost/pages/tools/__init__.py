"""The host's own pages for developers, below ``/devhost``, and the same as JSON."""
