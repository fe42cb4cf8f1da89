"""Counters in PostgreSQL for what can be guessed: counted and committed first, compared afterwards."""

from datetime import timedelta
from ipaddress import IPv4Address, ip_address

import msgspec

from relay.errors import Busy
from relay.house import House
from relay.times import length


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
    """Count one try of each, in this order, up to the first that is over its limit: then raise `Busy`.

    After that nothing may be compared. Name the widest first: who has been stopped there uses up nothing of
    anybody else's. Every caller keeps to one order of purposes, so that no two ever wait for each other.
    """
    over = None
    async with house.database.before_sign_in() as tx:
        for one in counted:
            tries = await tx.value(
                "SELECT relay.throttle_take(%s, %s, %s)", [_key(house, one), house.clock(), one.limit.window]
            )
            if tries > one.limit.tries:
                over = one.limit.window
                break
    if over is not None:  # raised when the count is committed
        seconds = int(over.total_seconds())
        raise Busy(
            f"There were too many tries. Please wait about {length(seconds * 1000)}, then try again.",
            retry_after=seconds,
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
