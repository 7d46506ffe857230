-- grain: one row: the first local day with a reported case that was not cancelled (null without any)
select min(period_start) as first_day from out_count where period = 'day' and cohort = 'reported'
