-- grain: one row per kind of period whose counts do not hold every case that was not cancelled
select period, sum(registered) as counted, (select count(*) from core_case where stage <> 'cancelled') as cases
from out_count
where cohort = 'reported'
group by period
having sum(registered) <> (select count(*) from core_case where stage <> 'cancelled')
