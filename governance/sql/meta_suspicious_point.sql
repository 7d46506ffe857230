-- grain: one row per source and exact point that holds more than 1 % of the located cases, and more than 100
with located as (
    select source, lon, lat, count(*) as cases from core_case where lon is not null group by all
),
totals as (
    select source, sum(cases) as all_cases from located group by source
)
select source, lon, lat, cases as rows, cases / all_cases as share
from located join totals using (source)
where cases > 100 and cases > 0.01 * all_cases
order by rows desc
