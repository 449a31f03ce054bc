"""SQL functions, for Datasette and, by entry point, for `sqlite-utils`.

    hamming(a, b)                          differing bits of two hex strings of equal length, or of two integers
    nearest_photos(photo_or_hash)          JSON for json_each(): the 20 photos that look most like it
    nearest_photos(photo_or_hash, count)
    nearest_photos(photo_or_hash, count, max_bits)

The standard library is enough, so that a published copy needs nothing but Datasette and this package.
"""

from __future__ import annotations

import sqlite3
from binascii import unhexlify
from collections.abc import Callable

HASH_DIGITS = 64
SIGNED_64 = 0xFFFFFFFFFFFFFFFF


def hamming(a, b) -> int | None:
    """The number of differing bits of two hex strings of equal length or of two integers; None for anything else."""
    if type(a) is int and type(b) is int:
        return ((a ^ b) & SIGNED_64).bit_count()
    if type(a) is not str or type(b) is not str or len(a) != len(b):
        return None
    if len(a) % 2:
        a, b = "0" + a, "0" + b
    try:
        return (int.from_bytes(unhexlify(a), "big") ^ int.from_bytes(unhexlify(b), "big")).bit_count() if a else None
    except ValueError:
        return None


def fast_hamming() -> Callable:
    """A `hamming` for one connection: `swift_hamming`, or where hexhamming is not installed the one that remembers."""
    try:
        from hexhamming import hamming_distance_string

        hamming_distance_string(":" + "0" * (HASH_DIGITS - 1), "0" * HASH_DIGITS)
    except ImportError:
        return remembering_hamming()
    except ValueError:  # from 3.0 on it knows a digit from another character
        return swift_hamming(hamming_distance_string)
    return remembering_hamming()


def swift_hamming(distance: Callable[[str, str], int]) -> Callable:
    """`hamming` by a library's distance of two hex strings, which takes less time than SQLite to call any function of Python."""

    def hamming_of_hex(a, b):
        try:
            return distance(a, b) or hamming(a, b)  # 0 also for two empty texts, of which nothing can be said
        except ValueError:  # not two texts of hex digits of one length
            return hamming(a, b)

    return hamming_of_hex


def remembering_hamming() -> Callable:
    """A `hamming` for one connection, a third faster because it keeps the number of the text it saw last.

    One side of a query is nearly always the same for many rows. The memory belongs to one connection, which one thread uses
    at a time; shared by all of them it would mix up their numbers.
    """
    from_hex, from_bytes = unhexlify, int.from_bytes
    text_a = text_b = None
    number_a = number_b = 0

    def hamming_of_remembered(a, b):
        nonlocal text_a, text_b, number_a, number_b
        try:
            if a != text_a:
                if type(a) is not str:  # a BLOB of digits is no text
                    return hamming(a, b)
                number_a = from_bytes(from_hex(a), "little")
                text_a = a
            if b != text_b:
                if type(b) is not str:  # a BLOB of digits is no text
                    return hamming(a, b)
                number_b = from_bytes(from_hex(b), "little")
                text_b = b
            if len(a) == len(b) > 0:
                return (number_a ^ number_b).bit_count()
            return None
        except (TypeError, ValueError):  # an odd number of digits, no digits
            return hamming(a, b)

    return hamming_of_remembered


def register(conn: sqlite3.Connection) -> None:
    """Add the functions to a connection."""
    from .store.matching.nearest import nearest_photos_on

    conn.create_function("hamming", 2, fast_hamming(), deterministic=True)
    nearest = nearest_photos_on(conn)
    for argument_count in (1, 2, 3):
        conn.create_function("nearest_photos", argument_count, nearest)
