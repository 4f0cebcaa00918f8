/*
title: Urgent orders
description: |
  Share of orders with priority High or Critical, and the number of orders of each priority. Cancelled
  orders are left out.
params:
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  high_or_critical_share: {type: percent, description: Null if there are no orders}
  priority_share: {type: percent, description: Null if there are no orders}
shape:
  nest:
    priorities: [priority, priority_count, priority_share]
chart: {type: pie, x: priority, y: priority_count}
filename: priority_share
tags: [analytics]
*/
WITH counts AS (
    SELECT
        COUNT(*) AS order_count,
        COUNT(*) FILTER (WHERE orders.priority = 'Low') AS low_count,
        COUNT(*) FILTER (WHERE orders.priority = 'Medium') AS medium_count,
        COUNT(*) FILTER (WHERE orders.priority = 'High') AS high_count,
        COUNT(*) FILTER (WHERE orders.priority = 'Critical') AS critical_count
    FROM order_db.orders AS orders
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
),

priorities (rank, priority) AS (
    VALUES
    (1, 'Critical'),
    (2, 'High'),
    (3, 'Medium'),
    (4, 'Low')
),

priority_counts AS (
    SELECT
        priorities.rank,
        priorities.priority,
        counts.order_count,
        counts.high_count + counts.critical_count AS high_or_critical_count,
        CASE priorities.priority
            WHEN 'Critical' THEN counts.critical_count
            WHEN 'High' THEN counts.high_count
            WHEN 'Medium' THEN counts.medium_count
            ELSE counts.low_count
        END AS priority_count
    FROM counts
    CROSS JOIN priorities
)

SELECT
    priority_counts.order_count,
    priority_counts.high_or_critical_count,
    CAST(priority_counts.high_or_critical_count AS REAL) / nullif(priority_counts.order_count, 0)
        AS high_or_critical_share,
    priority_counts.priority,
    priority_counts.priority_count,
    CAST(priority_counts.priority_count AS REAL) / nullif(priority_counts.order_count, 0) AS priority_share
FROM priority_counts
ORDER BY priority_counts.rank;
