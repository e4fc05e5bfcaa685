"""What a verified request costs, beside bare Flask and atlassian-connect-express.

Each server runs with two workers and its shipped settings. wrk sends it requests over
kept-alive connections: those of 1,000 tenants, signed in advance. The servers take
turns, in a different order each round, with every tenant in the cache. All ratios are
medians over the rounds of the ratio within a round, so that whatever slows down a
whole round cancels out.

Where the row says CPU, the measure is the user and system time of the server's
processes per request (Linux), which neither wrk nor other programs change much;
requests per second depend on what else runs.

* bare Flask: routes that verify nothing and answer the same JSON or the same template,
  with the same gunicorn settings;
* our app under gunicorn, and under the faster server;
* npm's atlassian-connect-express 11.5.3 in a cluster of two, on SQLite and PostgreSQL;
* our app without its cache of tenants, which shows the cost of a miss;
* our app with one tenant, and with a million of whom 1,000 are visited;
* for start and memory: bare Flask that loads the same libraries.

Before they are measured, the servers that verify must answer for the right tenant and
refuse tokens that differ from a good one in one thing. Secrets and keys are created
for each run and deleted with it. The figures go to build/bench.json, from which
``make bench-page`` draws the picture and prints the table of
docs/performance.md.
"""
