"""Views for special modules: cacheable pages, static macros, remote conditions."""
