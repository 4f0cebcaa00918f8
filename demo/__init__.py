"""The demo: six small linked databases, the same rows everywhere.

    words, clock, draws     what everything is made of: names, days, and seeded chance
    people, wares, sales    customers; products; orders with their lines, invoices and payments
    generate                all rows in the order in which they are written
    build                   rows into SQLite files, and files under their final names
    changes, upgrade        files of an older version to the newest

Imports run upwards in this list only. Nothing here is needed to serve reports.
"""
