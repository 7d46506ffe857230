-- grain: none; three small functions over one value, which every staging query of a file uses
create or replace temp macro clean(text) as
    case when not list_contains(getvariable('missing'), trim(text)) then trim(text) end;

-- a text with its own offset (Z, +08:00) is moved into the source's zone; all others are already in it
create or replace temp macro parse_time(text) as
    case
        when regexp_matches(text, '\d:\d\d.*(Z|[+-]\d\d:?\d\d)$')
        then try_cast(text as timestamptz) at time zone getvariable('zone')
        else coalesce(try_strptime(text, getvariable('time_formats')), try_cast(text as timestamp))
    end;

create or replace temp macro to_utc(local_time) as
    (local_time at time zone getvariable('zone')) at time zone 'UTC';
