"""Customers: who they are, since when, and how often they buy."""

import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

from demo.clock import DAY_SECONDS, instant_text
from demo.draws import Draws
from demo.words import (
    COMPANY_FORMS,
    FIRST_CUSTOMERS,
    FIRST_NAMES,
    LAST_NAMES,
    PLACES,
    TRADE_WORDS,
    TRADES,
    UNUSUAL_CUSTOMERS,
)

_LAST_ARRIVAL_DAY = 1_400
_BASE_LETTERS = str.maketrans({"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "ß": "ss"})

CustomerRow: TypeAlias = tuple[int, str, str | None, str | None, str, str, str, str]


def arrivals(count: int) -> list[int]:
    """Return when each customer signed up: about in the order of their ids, most of them early."""
    draws = Draws(1)
    moments = []
    for index in range(count):
        passed = index / count
        moments.append(int((passed * passed * _LAST_ARRIVAL_DAY + draws.share()) * DAY_SECONDS))
    return moments


def appetites(count: int) -> list[int]:
    """Return the customers' weights in the draw of a buyer, summed up from the first.

    Some buy much more than others.
    """
    draws = Draws(2)
    return list(accumulate(2 + int(1 / (draws.share() + 0.02)) for _ in range(count)))


def customers(moments: Sequence[int]) -> list[CustomerRow]:
    """Return the rows of `customers`, given when each one signed up."""
    draws = Draws(3)
    return [_customer(draws, customer_id, moment) for customer_id, moment in enumerate(moments, start=1)]


def _customer(draws: Draws, customer_id: int, moment: int) -> CustomerRow:
    name = FIRST_CUSTOMERS[customer_id - 1] if customer_id <= len(FIRST_CUSTOMERS) else _name(draws)
    city, state, prefix = draws.pick(PLACES)
    pincode = f"{prefix}{1 + draws.below(99):03}"
    email = f"{_ascii(name)}{customer_id}@example.{draws.pick(('com', 'net', 'org'))}"
    # No Indian number begins with 0, so these belong to nobody.
    phone = f"+91 0{draws.below(10_000):04} {draws.below(100_000):05}"
    return (
        customer_id,
        name,
        None if draws.chance(0.04) else email,
        None if draws.chance(0.06) else phone,
        city,
        state,
        pincode,
        instant_text(moment),
    )


def _name(draws: Draws) -> str:
    kind = draws.share()
    if kind < 0.03:
        return draws.pick(UNUSUAL_CUSTOMERS)
    if kind < 0.25:
        return draws.pick(COMPANY_FORMS).format(
            draws.pick(TRADE_WORDS), draws.pick(TRADES), draws.pick(LAST_NAMES)
        )
    return f"{draws.pick(FIRST_NAMES)} {draws.pick(LAST_NAMES)}"


def _ascii(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(_BASE_LETTERS))
    letters = "".join(letter for letter in decomposed.lower() if letter.isascii() and letter.isalnum())
    return letters or "customer"
