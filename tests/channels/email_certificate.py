"""A self-made certificate for localhost and 127.0.0.1, good for the tests alone."""

from __future__ import annotations

import ssl
from pathlib import Path

KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYfFtB1Dy9Ytu+XYA
Zt1dPYUE9PsLLWZdvASehUJtgXShRANCAAT4xiLFPFZpq5BAtagdVscpi254gxhj
Zi1Ss5Trf/INIklK8y1KvL46UEr0voVZ/UnHcw9AChlqf6J8uJF/jX0W
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUGFdvUmEQGjQx40t6JQZL+xOb418wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjExNTU0OVoYDzIxMjYxMDI5
MTE1NTQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT4xiLFPFZpq5BAtagdVscpi254gxhjZi1Ss5Trf/INIklK8y1KvL46
UEr0voVZ/UnHcw9AChlqf6J8uJF/jX0Wo28wbTAdBgNVHQ4EFgQUwzuZTqDticj4
h1Ka8Y6TzqQNdgEwHwYDVR0jBBgwFoAUwzuZTqDticj4h1Ka8Y6TzqQNdgEwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDSAAwRQIhAIsm1DSdtb3ACzUQXmuAjzY22KRmcCpMX0p8hW7uk41uAiAE
afTr4/LVkIM71nYwud40TzyAPrarS1EXVkbDs3SfkA==
-----END CERTIFICATE-----
"""


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Give what a server is secured with, and the file by which a client trusts it."""
    trusted, secret = folder / "trusted.pem", folder / "server.pem"
    trusted.write_text(CERTIFICATE)
    secret.write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secret)
    return context, str(trusted)
