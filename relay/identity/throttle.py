"""Counters in PostgreSQL for what can be guessed: counted and committed first, compared afterwards."""

from datetime import timedelta
from ipaddress import IPv4Address, ip_address
from operator import itemgetter

import msgspec

from relay.errors import Busy
from relay.house import House


class Limit(msgspec.Struct, frozen=True):
    """So many tries in a window."""

    tries: int
    window: timedelta


class Counted(msgspec.Struct, frozen=True):
    """One thing that is counted: what for, of whom (only a keyed hash is stored), and up to what limit."""

    purpose: str
    who: bytes
    limit: Limit


async def take(house: House, *counted: Counted) -> None:
    """Count one try of each. Raise `Busy` if any is over its limit; then nothing may be compared."""
    found = sorted(((_key(house, one), one.limit) for one in counted), key=itemgetter(0))
    over = []
    async with house.database.before_sign_in() as tx:
        # always in the order of the keys, so that two of these never wait for each other
        for key, limit in found:
            tries = await tx.value(
                "SELECT relay.throttle_take(%s, %s, %s)", [key, house.clock(), limit.window]
            )
            if tries > limit.tries:
                over.append(limit.window)
    if over:
        raise Busy(
            "There were too many tries. Please wait a while, then try again.",
            retry_after=int(max(over).total_seconds()),
        )


async def forget(house: House, counted: Counted) -> None:
    """Start the count again, after a try that was right."""
    async with house.database.before_sign_in() as tx:
        await tx.run("SELECT relay.throttle_forget(%s)", [_key(house, counted)])


def _key(house: House, counted: Counted) -> bytes:
    return house.keyring.mac(f"throttle {counted.purpose}", counted.who)


def network(address: str) -> bytes:
    """Return whom an address stands for: itself, or its IPv6 network of 64 bits, which one household has."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode(errors="replace")
    if isinstance(ip, IPv4Address):
        return ip.packed
    return ip.packed[:8] if ip.ipv4_mapped is None else ip.ipv4_mapped.packed
