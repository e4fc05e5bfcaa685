"""Flood test of signed installs: forged tokens must not keep genuine installs out.

A real gunicorn with the shipped settings gets genuine installs, each with a key that no
worker has seen, while strangers send forged tokens, each with a new key id: junk, which
anything but a signature gives away, or well-formed ones, which only the key servers can
tell from genuine ones. Meanwhile somebody looks at a page and at /healthz. Two key
servers take a while for each answer, or never answer.
"""
