-- grain: one row per class of how long a case is overdue, in clock days: from_days <= delay < to_days (null: no end)
select * from (values
    ('under_1_day', 0, 1),
    ('1_to_3_days', 1, 3),
    ('3_to_7_days', 3, 7),
    ('7_to_30_days', 7, 30),
    ('30_days_and_more', 30, null)
) as ages (overdue_age, from_days, to_days)
