"""The descriptor of an app: fetched, and validated as Confluence does at install."""
