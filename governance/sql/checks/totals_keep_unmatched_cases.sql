-- grain: one row per total that lost a case: pages must count every case of core_case
with counted as (
    select
        (select count(*) from core_case) as cases,
        (select coalesce(sum(cases), 0) from out_unit where level = 0) as in_units,
        (select coalesce(sum(rows), 0) from meta_location) as in_locations
)
select cases, in_units, in_locations from counted where cases <> in_units or cases <> in_locations
