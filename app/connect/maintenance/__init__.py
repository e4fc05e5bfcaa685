"""Housekeeping: what Celery beat starts, and what is deleted when its time is over."""
