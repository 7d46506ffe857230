-- grain: one row per incident and event by which a department let go of it: passed on, or sent back to the desk
-- to_department: of a transfer the one that receives, of a return the one it was sent to next ('~desk': to none yet)
select
    source, incident_id, at_utc, kind,
    coalesce(unit_before, department, '~none') as from_department,
    case kind when 'transferred' then unit else coalesce(unit_after, '~desk') end as to_department,
    reason
from stg_step
where kind = 'returned' or (kind = 'transferred' and unit is distinct from unit_before)
