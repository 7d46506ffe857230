-- grain: one row: what became of all incident rows and of all cases
with files as (
    select
        coalesce(sum(read), 0) as read, coalesce(sum(accepted), 0) as accepted,
        coalesce(sum(quarantined), 0) as quarantined, coalesce(sum(duplicate), 0) as duplicate,
        count(*) as files, max(last_reported_at_utc) as last_reported_at_utc
    from meta_file where content = 'incidents'
),
places as (
    select
        coalesce(sum(rows), 0) as cases,
        coalesce(sum(rows) filter (where location_status not in ('matched', 'missing')), 0) as outside,
        coalesce(sum(rows) filter (where location_status = 'missing'), 0) as missing
    from meta_location
),
categories as (
    select coalesce(sum(rows), 0) as unmapped from meta_unmapped
),
checks as (
    select count(*) as checks, count(*) filter (where failing_rows > 0) as failing_checks from meta_check
)
select
    files.files, files.read::bigint as read, files.accepted::bigint as accepted,
    files.quarantined::bigint as quarantined, files.duplicate::bigint as duplicate, files.last_reported_at_utc,
    places.cases::bigint as cases, places.outside::bigint as outside, places.missing::bigint as missing,
    categories.unmapped::bigint as unmapped, checks.checks, checks.failing_checks,
    (places.outside + places.missing) / nullif(places.cases, 0) as unmatched_share,
    categories.unmapped / nullif(places.cases, 0) as unmapped_share,
    files.quarantined / nullif(files.read, 0) as quarantined_share
from files, places, categories, checks
