-- grain: one row per case whose deadline must be judged anew: it is open, or its clock stood still or was extended
select
    source, incident_id, reported_at_utc, template_version, level, due_at_utc, template_due_at_utc, disposed_at_utc,
    extended_until_utc, extended_at_utc, is_open, coalesce(ended_at_utc, getvariable('as_of_utc')) as followed_to_utc
from mid_told_case
where is_open or pauses > 0 or extended_until_utc is not null
