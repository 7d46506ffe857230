-- grain: one row per rung and post that answers on it, with the cases under the filters for which it does
-- is_added: the level calls it in addition to the level below, for some of the cases
select
    open.rung_share, post.name_zh, post.name_en, post.department, count(*) as cases, bool_or(post.is_added) as is_added
from out_open as open
join meta_post as post
    on post.template_version = open.template_version and post.level = open.call_level
        and (post.scene is null or post.scene = open.scene)
where open.rung_share is not null
    and ($department = '' or open.department = $department)
    and ($scenario = '' or open.scenario = $scenario)
    and ($district = '' or open.level_1_id = $district)
group by open.rung_share, post.name_zh, post.name_en, post.department
order by open.rung_share desc, is_added desc, cases desc, post.name_en, post.department
