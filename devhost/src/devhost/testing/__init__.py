"""The test kit: the local Confluence as pytest fixtures. See docs/testing.md.

* ``plugin``         the fixtures, and the messages below a failed test
* ``confluence``     the host in a test: who looks, what it received and sent
* ``expectations``   what a message must be like, and how it differs
* ``app_server``     the app on a port that is known before the app is made
* ``installed_app``  the app on the host: its lifecycle, license and tenant
* ``signatures``     tokens as the host signs them, and wrong in one thing
* ``signed_client``  a Flask test client that signs like the host
"""
