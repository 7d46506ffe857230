-- grain: one row per staged row of a doubled incident, with what becomes of it
-- The newest row decides. A newest row that is bad goes to quarantine and leaves the newest good one standing.
with staged as (
    select
        row.file_key, row.row_number, row.is_bad, file.source, file.last_reported_at_utc,
        case file.policy when 'by_id' then row.incident_id else row.row_hash end as identity,
        case file.latest_by
            when 'updated_at' then row.updated_at_utc
            when 'closed_at' then row.closed_at_utc
            when 'reported_at' then row.reported_at_utc
        end as version_at_utc
    from read_parquet(getvariable('staged_files')) as row
    join mid_file as file using (file_key)
    where file.policy <> 'never'
),
ranked as (
    select
        file_key, row_number, is_bad,
        row_number() over newest_first as place,
        row_number() over newest_first_of_kind as place_of_kind
    from staged
    semi join mid_doubled using (source, identity)
    window
        newest_first as (
            partition by source, identity
            order by version_at_utc desc nulls last, last_reported_at_utc desc nulls last, file_key, row_number desc
        ),
        newest_first_of_kind as (
            partition by source, identity, is_bad
            order by version_at_utc desc nulls last, last_reported_at_utc desc nulls last, file_key, row_number desc
        )
)
select
    file_key, row_number,
    case
        when not is_bad and place_of_kind = 1 then 'accepted'
        when is_bad and place = 1 then 'quarantined'
        else 'duplicate'
    end as fate
from ranked
