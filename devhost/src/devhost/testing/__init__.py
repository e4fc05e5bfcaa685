"""The test kit: the local Confluence as pytest fixtures.

* ``plugin``         the fixtures, and the messages below a failed test
* ``confluence``     the host in a test: its current user, what it received and sent
* ``expectations``   what a message must look like, and how another one differs
* ``app_server``     the app on a port that is known before the app is created
* ``installed_app``  the app on the host: its lifecycle, license and tenant
* ``signatures``     tokens as the host signs them, or with one fault each
* ``signed_client``  a Flask test client that signs like the host
"""
