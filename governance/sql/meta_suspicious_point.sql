-- grain: one row per source and exact point that holds more than 1 % of the located cases, and more than 100
-- Every twentieth row is enough to name the candidates, which are then counted in full.
with sampled as (
    select source, lon, lat
    from core_case
    where lon is not null and (rowid % 20 = 0 or (select count(*) from core_case) < 200000)
),
candidates as (
    select source, lon, lat
    from (select *, count(*) over (partition by source) as rows_sampled from sampled)
    group by source, lon, lat
    having count(*) > 0.005 * any_value(rows_sampled)
),
totals as (
    select source, count(*) as cases from core_case where lon is not null group by source
),
counted as (
    select source, lon, lat, count(*) as rows from core_case semi join candidates using (source, lon, lat) group by all
)
select source, lon, lat, rows, rows / cases as share
from counted join totals using (source)
where rows > 100 and rows > 0.01 * cases
order by rows desc
