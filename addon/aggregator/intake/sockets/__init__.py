"""Takes messages that come without HTTP: datagrams, and streams over TCP and TLS.

Their senders show no token and hear of no acknowledgement.
"""
