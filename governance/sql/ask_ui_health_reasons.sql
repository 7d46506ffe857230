-- grain: one row per source and rule that rows broke
select reason.source, reason.code, reason.severity, coalesce(any_value(rule.message_zh), reason.code) as message_zh,
    coalesce(any_value(rule.message_en), reason.code) as message_en, count(distinct reason.file) as files,
    sum(reason.rows)::bigint as rows
from meta_file_reason as reason left join meta_rule as rule on rule.code = reason.code
group by reason.source, reason.code, reason.severity
order by reason.severity, rows desc, reason.source, reason.code
