"""Personal data (GDPR): whose data the app keeps, and the cycle that reports it."""
