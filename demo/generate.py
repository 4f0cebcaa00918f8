"""All rows of the demo, chunk by chunk, in the order in which they are written."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from demo import people, sales, wares
from demo.clock import DAY_SECONDS, DAYS
from demo.draws import Draws

Chunk: TypeAlias = Mapping[str, Sequence[sales.Row]]

_ORDERS_IN_A_CHUNK = 2_000
_ORDERS_OF_CUSTOMER_1 = 7
# Orders come in between 02:30 and 15:30 UTC, which is a shop's day in India.
_SHOP_OPENS = 9_000
_SHOP_SECONDS = 46_800


def chunks(orders: int) -> Iterator[Chunk]:
    """Yield the rows of all tables for that many orders, as table name -> rows.

    The rows depend on `orders` alone. A chunk holds at most a few thousand orders; for 0 orders
    there is no row at all.
    """
    if orders == 0:
        return
    products = wares.products(min(wares.MOST_PRODUCTS, max(40, orders // 10)))
    arrivals = people.arrivals(max(36, orders // 7))
    yield {
        "categories": wares.categories(),
        "products": products,
        "payment_methods": sales.payment_methods(),
        "customers": people.customers(arrivals),
    }
    shop = sales.Sales([price for _, _, _, price, _, _ in products])
    for number, (moment, customer_id) in enumerate(purchases(orders, arrivals), start=1):
        shop.sell(moment, customer_id)
        if number % _ORDERS_IN_A_CHUNK == 0:
            yield shop.take()
    shop.close()
    yield shop.take()


def purchases(orders: int, arrivals: Sequence[int]) -> list[tuple[int, int]]:
    """Return when and by whom each order is placed, sorted by time.

    Nobody buys before they signed up: such a draw is thrown away. Customer 1, the one in the
    examples, has a handful of orders however many there are in all.
    """
    draws = Draws(5)
    appetites = people.appetites(len(arrivals))
    of_customer_1 = min(_ORDERS_OF_CUSTOMER_1, orders // 14)
    placed: list[tuple[int, int]] = []
    while len(placed) < orders:
        if len(placed) < of_customer_1:
            customer = 0
        else:
            # A draw beyond the first weight, so that customer 1 gets no more.
            weight = appetites[0] + draws.below(appetites[-1] - appetites[0])
            customer = bisect_right(appetites, weight)
        moment = draws.below(DAYS) * DAY_SECONDS + _SHOP_OPENS + draws.below(_SHOP_SECONDS)
        if moment >= arrivals[customer]:
            placed.append((moment, customer + 1))
    return sorted(placed)
