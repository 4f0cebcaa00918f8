"""Orders, and what follows from each: its lines, its invoice, and payments in the next weeks."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from demo.clock import DAY_SECONDS, DAYS, END, date_text, instant_text
from demo.draws import Draws
from demo.words import PAYMENT_METHODS

Row: TypeAlias = tuple[str | int | float | None, ...]
Rows: TypeAlias = dict[str, list[Row]]

_PRIORITIES = ("Low",) * 3 + ("Medium",) * 4 + ("High",) * 2 + ("Critical",)
_DISCOUNT_PERCENTS = (0,) * 12 + (5,) * 3 + (10,) * 2 + (20,) * 2 + (30,)
_SHARE_OF_PERCENT = {0: 0.0, 5: 0.05, 10: 0.1, 20: 0.2, 30: 0.3}
_TERMS = (7, 15, 15, 30, 30, 30, 45)


def payment_methods() -> list[tuple[int, str]]:
    """Return the rows of `payment_methods`."""
    return list(enumerate(PAYMENT_METHODS, start=1))


def line_total(quantity: int, unit_price_cents: int, discount_percent: int) -> int:
    """Return the price of a line in cents, rounded half up."""
    return (quantity * unit_price_cents * (100 - discount_percent) + 50) // 100


class Sales:
    """The books of the shop: give it the orders in the order of time, take the rows out.

    `prices` holds today's price of each product in cents, product 1 first.
    """

    def __init__(self, prices: Sequence[int]) -> None:
        self._prices = prices
        self._draws = Draws(6)
        self._orders = self._lines = self._invoices = self._transactions = 0
        # Payments on their way: moment, a number that breaks ties, and the middle of the row.
        self._coming: list[tuple[int, int, Row]] = []
        self._announced = 0
        self._rows = _no_rows()

    def take(self) -> Rows:
        """Return the rows made since the last call, by table."""
        rows, self._rows = self._rows, _no_rows()
        return rows

    def sell(self, moment: int, customer_id: int) -> None:
        """Enter one order with all that follows from it."""
        self._receive(until=moment)
        self._orders += 1
        total = self._enter_lines(self._orders)
        if self._draws.chance(0.04):
            status = "cancelled"
        else:
            status = self._enter_invoice(moment, customer_id, total)
        instant = instant_text(moment)
        priority = self._draws.pick(_PRIORITIES)
        self._rows["orders"].append((self._orders, customer_id, instant[:10], instant, status, priority))

    def close(self) -> None:
        """Enter the payments that are still on their way at the end."""
        self._receive(until=END)

    def _enter_lines(self, order_id: int) -> int:
        draws, rows = self._draws, self._rows["order_lines"]
        total = 0
        ordered: list[int] = []
        for number in range(1, 2 + draws.below(5)):
            product = self._choose_product(ordered)
            quantity = 1 + int(10 * draws.share() * draws.share())
            price = self._prices[product] * (95 + draws.below(11)) // 100
            percent = draws.pick(_DISCOUNT_PERCENTS)
            amount = line_total(quantity, price, percent)
            self._lines += 1
            share = _SHARE_OF_PERCENT[percent]
            rows.append((self._lines, order_id, number, product + 1, quantity, price, share, amount))
            total += amount
        return total

    def _choose_product(self, ordered: list[int]) -> int:
        # The product of two draws makes the first products sell best.
        product = int(len(self._prices) * self._draws.share() * self._draws.share())
        while product in ordered:
            product = (product + 1) % len(self._prices)
        ordered.append(product)
        return product

    def _enter_invoice(self, moment: int, customer_id: int, total: int) -> str:
        """Enter the invoice, announce its payments, and return the status of the order."""
        draws = self._draws
        self._invoices += 1
        day = min(moment // DAY_SECONDS + draws.below(3), DAYS - 1)
        days_to_pay = draws.pick(_TERMS)
        due_date = None if draws.chance(0.01) else date_text(day + days_to_pay)
        applied = self._announce_payments(max(moment, day * DAY_SECONDS), customer_id, total)
        closed = applied == total
        invoice_date = date_text(day)
        number = f"INV-{invoice_date[:4]}-{self._invoices:07}"
        currency = "EUR" if customer_id % 4 == 0 else "USD"
        head = (self._invoices, number, customer_id, self._orders, invoice_date, due_date)
        status = "Closed" if closed else "Open"
        terms = f"Net {days_to_pay}"
        self._rows["invoices"].append((*head, total, applied, currency, status, terms))
        if draws.chance(0.85 if closed else 0.4):
            return "shipped"
        return "paid" if closed else "open"

    def _announce_payments(self, moment: int, customer_id: int, total: int) -> int:
        """Choose how the invoice is paid before time ends, and return the sum in cents."""
        draws = self._draws
        outcome = draws.share()
        if outcome < 0.11:
            return 0
        due = total if outcome < 0.93 else 1 + draws.below(total - 1)
        first = 1 + draws.below(due) if draws.chance(0.2) else due
        applied = 0
        for amount in (first, due - first):
            moment += DAY_SECONDS // 24 + draws.below(25 * DAY_SECONDS)
            if amount > 0 and moment < END:
                self._announce(moment, customer_id, self._invoices, amount)
                applied += amount
        if applied and draws.chance(0.011):
            moment += draws.below(20 * DAY_SECONDS)
            self._announce(moment, customer_id, None, -1 - draws.below(applied))
        return applied

    def _announce(self, moment: int, customer_id: int, invoice_id: int | None, amount: int) -> None:
        self._announced += 1
        method_id = 1 + self._draws.below(len(PAYMENT_METHODS))
        heappush(self._coming, (moment, self._announced, (customer_id, invoice_id, method_id, amount)))

    def _receive(self, until: int) -> None:
        """Enter the payments from before `until`: transactions are numbered as they come in."""
        while self._coming and self._coming[0][0] < until:
            moment, _, middle = heappop(self._coming)
            self._transactions += 1
            self._rows["transactions"].append((self._transactions, *middle, instant_text(moment)))


def _no_rows() -> Rows:
    return {"orders": [], "order_lines": [], "invoices": [], "transactions": []}
