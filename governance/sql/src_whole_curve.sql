-- grain: one row per scenario and day after closing: the curve of all its departments together
select * from out_recurrence_curve where scenario <> '' and department = '' order by scenario, day
