-- grain: one row per rung and post that answers on it, with the cases under the filters for which it does
-- a post is what $language calls it in its department; is_added: for some of the cases its level adds it
with called as (
    select
        open.rung_share, if($language = 'zh', post.name_zh, post.name_en) as name, post.department, post.is_added,
        open.source, open.incident_id
    from out_open as open
    join meta_post as post
        on post.template_version = open.template_version and post.level = open.call_level
            and (post.scene is null or post.scene = open.scene)
    where open.rung_share is not null
        and ($department = '' or open.department = $department)
        and ($scenario = '' or open.scenario = $scenario)
        and ($district = '' or open.level_1_id = $district)
)
select rung_share, name, department, count(distinct (source, incident_id)) as cases, bool_or(is_added) as is_added
from called
group by rung_share, name, department
order by rung_share desc, is_added desc, cases desc, name, department
