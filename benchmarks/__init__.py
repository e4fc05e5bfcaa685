"""What a verified request costs, beside its floor and beside the usual recipe.

Three servers answer the same small JSON behind the same gunicorn settings, those
of ``gunicorn.conf.py`` but for one worker:

* floor: a bare Flask route that verifies nothing;
* recipe: what apps usually do: PyJWT decodes twice, the ORM selects the tenant
  from SQLite, the PyPI library atlassian-jwt hashes the URL;
* ours: this repository's app with one more view, behind ``jwt_required``.

What counts is the CPU time, user and system, of the gunicorn worker, by its own
clock: neither the client nor a busy machine is measured. The servers take turns,
each round in another order, over the same iframe URLs, which were signed before
for many tenants. A ratio is the median over the rounds of the ratio within a
round, so that what slows a whole round down cancels out.

Before the first round each server is asked for every tenant, and then stays warm:
measured is a request of a cached tenant. Every answer is checked, and both
servers that verify must first have refused tokens that differ from a good one in
one thing. Secrets and keys are made up for each run and deleted with it.

The worker is of gunicorn's threaded kind, as in production. A sync worker takes a
new connection for each request: the times spread more, and the dearer floor makes
the ratio to it look better than a deployed app's. Many short rounds give steadier
ratios than a few long ones.
"""
