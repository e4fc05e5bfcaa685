"""Crash test of the webhook inbox: no webhook is lost if worker and broker fail.

A real gunicorn receives signed webhooks while the worker is killed with -9 several
times, the broker is down once, one handler in ten fails at first, and the host sends
every twentieth webhook twice. Then it checks that everything that was answered 204 was
handled. Redis and RabbitMQ are behind a proxy that is closed for a while; the embedded
broker's file is locked for a while.
"""
