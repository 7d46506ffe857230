-- grain: one row per scenario, template version, scene, sender, receiver and reason: cases handed over, last 365 days
-- a district with a version of its own is counted apart: its cases contest its rules, not the city's
-- what merely goes back to the one it came from contests nothing of its own: it belongs to the way there
-- held_cases: of the scene, those that the sender ever had; ended_with_receiver: in the end the receiver had it
with recent as (
    select
        source, incident_id, coalesce(scenario, '~unmapped') as scenario, template_version, scene, first_department,
        last_department
    from core_case
    where reported_on >= $as_of_day - 365 and stage <> 'cancelled'
),
pair as (
    -- the first reason that was given, so that a case counts once for its pair however often it went that way
    select
        source, incident_id, from_department, to_department,
        coalesce(arg_min(reason, at_utc) filter (where reason <> ''), '') as reason,
        min(struct_pack(at_utc := at_utc, step := step)) as first_time
    from src_handover
    where to_department <> '~desk' and to_department <> from_department
    group by source, incident_id, from_department, to_department
),
handed as (
    select there.* from pair as there
    anti join pair as back
        on back.source = there.source and back.incident_id = there.incident_id
            and back.from_department = there.to_department and back.to_department = there.from_department
            and back.first_time < there.first_time
),
holder as (
    select source, incident_id, first_department as department from recent
    union
    select source, incident_id, to_department from pair
    union
    select source, incident_id, from_department from pair
),
held as (
    select scenario, template_version, scene, department as from_department, count(*) as held_cases
    from holder join recent using (source, incident_id)
    group by all
),
counted as (
    select
        recent.scenario, recent.template_version, recent.scene, handed.from_department, handed.to_department,
        handed.reason, count(*) as cases,
        count(*) filter (where recent.last_department = handed.to_department) as ended_with_receiver
    from handed join recent using (source, incident_id)
    group by all
)
select counted.*, coalesce(held.held_cases, 0) as held_cases
from counted
left join held
    on held.scenario = counted.scenario and held.template_version is not distinct from counted.template_version
        and held.scene is not distinct from counted.scene and held.from_department = counted.from_department
order by cases desc, scenario, template_version, scene, from_department, to_department, reason
