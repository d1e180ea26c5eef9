"""Names and addresses: which of them are this machine's own, and by which the service may be called.

A page of another site can point a name of its own to this machine (DNS rebinding) and so reach a service that trusts
loopback. The browser then sends that name as `Host`, which is why only known names are answered.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

from ..settings.serving import ServeSettings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\s]+)(?::([0-9]{1,5}))?")
_IPV6_HOME = 64
"""The network that one IPv6 customer has addresses from, in bits."""


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address."""
    if address.lower() == "localhost":
        return True
    return is_ip(address) and ip_address(address.strip("[]")).is_loopback


def is_ip(name: str) -> bool:
    """Whether a name is an IP address; an IPv6 one may stand in brackets."""
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def authority(text: str) -> tuple[str, str] | None:
    """The lower-case name and the port ("" without one) of `name`, `name:port`, `[::1]:port`; None for other texts."""
    found = _AUTHORITY.fullmatch(text)
    return None if found is None else (found[1].strip("[]").lower(), found[2] or "")


def is_own_name(name: str, settings: ServeSettings) -> bool:
    """Whether the service may be called so: the names in `serve.hosts`; its address; loopback's names when it listens
    there or on all addresses. On all addresses, with no `serve.hosts`, any IP address as well: no other site's page
    can have one as its name unless it is served from there."""
    if name in {host.strip("[]").lower() for host in (*settings.hosts, settings.address)}:
        return True
    everywhere = is_ip(settings.address) and ip_address(settings.address.strip("[]")).is_unspecified
    if name in LOOPBACK_NAMES:
        return everywhere or is_loopback(settings.address)
    return everywhere and not settings.hosts and is_ip(name)


def wants_tokens(settings: ServeSettings) -> bool:
    """Whether every request must say who it is from: unless only this machine reaches the service. One that has names
    (`serve.hosts`) or is reached by HTTPS (`serve.secure`) stands behind a proxy, so that loopback proves nothing."""
    return not is_loopback(settings.address) or bool(settings.hosts) or settings.secure


def client_of(address: str) -> str:
    """What limits are counted by: the address, of an IPv6 one the network of its customer."""
    if not is_ip(address):
        return address
    found = ip_address(address)
    if not isinstance(found, IPv6Address) or found.ipv4_mapped is not None:
        return address
    return str(ip_network((found, _IPV6_HOME), strict=False))
