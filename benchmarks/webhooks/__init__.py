"""Shows that no webhook is lost, whatever happens to the worker and the broker.

A real gunicorn takes in signed webhooks, while the worker is killed with -9 several
times, the broker is out of reach once, one handler in ten fails at first, and the
host sends every twentieth webhook again. Then everything that was answered 204 is
looked for. Redis and RabbitMQ are reached through a proxy that is closed for a while;
the embedded broker's file is locked for a while.
"""
