"""Tests of the local Confluence, independent of the app next to it."""
