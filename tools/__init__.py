"""Developer tools that know how this app is started: `make run`, `make screenshots`."""
