-- grain: one row per open, undisposed case whose template has a ladder: its rung, the level that answers, whom to call
-- rung_share is null below the first rung; a case of a graver level than the rung's keeps its own ('I' sorts first)
with reached as (
    -- working time may be used up before the due moment has passed: who is not overdue stays below the whole of it
    select open.source, open.incident_id, max(rung.rung) as rung
    from mid_open as open
    join meta_rung as rung on rung.template_version = open.template_version
    where open.used_share >= rung.at_share and (rung.at_share < 1 or open.is_overdue)
    group by open.source, open.incident_id
),
climbing as (
    select
        open.source, open.incident_id, open.template_version, open.scene, open.holder,
        if(reached.rung is null, null, rung.at_share) as rung_share,
        least(open.level, rung.level) as call_level
    from mid_open as open
    left join reached on reached.source = open.source and reached.incident_id = open.incident_id
    join meta_rung as rung
        on rung.template_version = open.template_version and rung.rung = coalesce(reached.rung, 1)
    where open.used_share is not null
)
-- the first post that the level adds to the level below; of those, the holder's own
select
    climbing.source, climbing.incident_id, climbing.rung_share, climbing.call_level,
    post.name_zh as call_post_zh, post.name_en as call_post_en, post.department as call_department
from climbing
left join meta_post as post
    on post.template_version = climbing.template_version and post.level = climbing.call_level
        and (post.scene is null or post.scene = climbing.scene)
qualify row_number() over (
    partition by climbing.source, climbing.incident_id
    order by post.is_added desc, post.department = climbing.holder desc, post.place
) = 1
