"""The cost of a verified request, compared with its floor and the usual recipe.

Three servers answer the same small JSON with the same gunicorn settings, those of
``gunicorn.conf.py`` except for a single worker:

* floor: a bare Flask route that verifies nothing;
* recipe: what apps usually do: PyJWT decodes twice, the ORM selects the tenant
  from SQLite, the PyPI library atlassian-jwt hashes the URL;
* ours: this repository's app with an extra view behind ``jwt_required``.

It measures the gunicorn worker's CPU time, user and system, by its own clock, so
neither the client nor a busy machine counts. The servers take turns, in a different
order each round, over the same iframe URLs, signed in advance for many tenants. A
ratio is the median over all rounds of the ratio within a round, so that whatever
slows down a whole round cancels out.

Before the first round each server gets a request for every tenant, and then stays
warm, so that cached tenants are measured. Every answer is checked, and both servers
that verify must first refuse tokens that differ from a good one in one thing.
Secrets and keys are created for each run and deleted with it.

The worker is threaded, as in production. A sync worker opens a new connection for
each request: the times vary more, and the more expensive floor makes the ratio look
better than that of a deployed app. Many short rounds give more stable ratios than a
few long ones.
"""
