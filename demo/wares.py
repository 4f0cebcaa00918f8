"""Products and their categories."""

from typing import TypeAlias

from demo.draws import Draws
from demo.words import SERIES, WARES

_KINDS = tuple((name, price) for _, wares in WARES for name, price in wares)
MOST_PRODUCTS = len(_KINDS) * len(SERIES)

ProductRow: TypeAlias = tuple[int, str, int, int, int, int]


def categories() -> list[tuple[int, str]]:
    """Return the rows of `categories`."""
    return [(category_id, name) for category_id, (name, _) in enumerate(WARES, start=1)]


def products(count: int) -> list[ProductRow]:
    """Return the rows of `products`, `MOST_PRODUCTS` of them at most, no two with the same name."""
    draws = Draws(4)
    return [_product(draws, index) for index in range(count)]


def _product(draws: Draws, index: int) -> ProductRow:
    category = index % len(WARES)
    wares = WARES[category][1]
    name, usual_price = wares[index // len(WARES) % len(wares)]
    # Each ware meets each series once, and neighbours come from different series.
    series = SERIES[(index // len(_KINDS) + 7 * (index % len(_KINDS))) % len(SERIES)]
    price = usual_price * (70 + draws.below(61)) // 100
    whole_price = max(price // 100, 2) * 100
    stock = 0 if draws.chance(0.05) else draws.below(500)
    return (
        index + 1,
        f"{series} {name}",
        category + 1,
        whole_price - 1,
        stock,
        int(draws.chance(0.05)),
    )
