"""Connect's rules as pure functions: no Flask, no database, no network."""
