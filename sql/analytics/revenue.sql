/*
title: Revenue and profit
description: |
  Revenue after discounts, and profit: in total, or by year, month or day. Cancelled orders are left out.
  Lines have no currency, so amounts are added as they are; see /report/revenue-by-month for invoiced
  amounts by currency. A line without a quantity or a discount adds nothing to the revenue; such lines are
  counted in a column of their own. Profit and shipping cost are known only for lines of the web shop, and
  include such lines.
params:
  by: {type: choice, default: all, choices: [all, year, month, day], description: How the rows are grouped}
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  period: {type: text, description: "2018, 2018-07 or 2018-07-24; null for all"}
  revenue: {type: money}
  profit: {type: money, description: Null if unknown for all lines}
  shipping_cost: {type: money, description: Null if unknown for all lines}
  lines_without_total: {type: integer}
chart: {type: area, x: period, y: [revenue, profit]}
filename: revenue_by_{by}
tags: [analytics]
*/
WITH order_sums AS (
    SELECT
        orders.order_id,
        orders.order_date,
        SUM(order_lines.line_total_cents) AS revenue,
        SUM(order_lines.profit_cents) AS profit,
        SUM(order_lines.shipping_cost_cents) AS shipping_cost,
        COUNT(order_lines.order_line_id) - COUNT(order_lines.line_total_cents) AS lines_without_total
    FROM order_db.orders AS orders
    LEFT JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    GROUP BY
        orders.order_id,
        orders.order_date
),

period_orders AS (
    SELECT
        CASE
            WHEN :by = 'year' THEN substr(order_sums.order_date, 1, 4)
            WHEN :by = 'month' THEN substr(order_sums.order_date, 1, 7)
            WHEN :by = 'day' THEN order_sums.order_date
        END AS period,
        order_sums.revenue,
        order_sums.profit,
        order_sums.shipping_cost,
        order_sums.lines_without_total
    FROM order_sums
),

period_sums AS (
    SELECT
        period_orders.period,
        COUNT(*) AS order_count,
        coalesce(SUM(period_orders.revenue), 0) AS revenue,
        SUM(period_orders.profit) AS profit,
        SUM(period_orders.shipping_cost) AS shipping_cost,
        SUM(period_orders.lines_without_total) AS lines_without_total
    FROM period_orders
    GROUP BY period_orders.period
)

SELECT
    period_sums.period,
    period_sums.order_count,
    period_sums.revenue,
    period_sums.profit,
    period_sums.shipping_cost,
    period_sums.lines_without_total
FROM period_sums
UNION ALL
-- All of nothing is nothing, and a row.
SELECT
    NULL AS period,
    0 AS order_count,
    0 AS revenue,
    NULL AS profit,
    NULL AS shipping_cost,
    0 AS lines_without_total
WHERE
    :by = 'all'
    AND NOT EXISTS (SELECT 1 FROM period_sums)
ORDER BY period;
