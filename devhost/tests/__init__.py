"""Tests of the local Confluence, which know nothing of the app beside it."""
