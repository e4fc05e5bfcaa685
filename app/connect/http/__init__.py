"""Plain web plumbing: error answers, security headers, base path, language."""
