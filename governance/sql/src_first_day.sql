-- grain: one row; the local day of the oldest case
select min(reported_on) as first_day from core_case
