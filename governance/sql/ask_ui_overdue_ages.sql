-- grain: one row per class of how long a case is overdue, the shortest first
select overdue_age, from_days, to_days from meta_overdue_age order by from_days
