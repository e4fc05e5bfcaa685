"""Views of special modules: cacheable pages, static macros, remote conditions."""
