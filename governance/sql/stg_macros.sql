-- grain: none; small functions over one value, which every staging query of a file uses
create or replace temp macro clean(text) as
    case when not list_contains(getvariable('missing'), trim(text))
        then trim(text) end;

-- a time of day followed by Z, UTC, +08:00, +0800 or +08
create or replace temp macro has_offset(text) as
    regexp_matches(text, '\d:\d\d(:\d\d([.,]\d+)?)?( ?[AaPp][Mm])?\s*(Z|z|UTC|GMT|[+-](0\d|1[0-4])(:?[0-5]\d)?)$');

create or replace temp macro cut_offset(text) as
    regexp_replace(text, '\s*(Z|z|UTC|GMT|[+-](0\d|1[0-4])(:?[0-5]\d)?)$', '');

create or replace temp macro read_offset(text) as
    to_minutes(
        if(regexp_matches(text, '-\d\d(:?\d\d)?$'), -1, 1) * (
            60 * coalesce(try_cast(regexp_extract(text, '[+-](\d\d):?(\d\d)?$', 1) as integer), 0)
            + coalesce(try_cast(regexp_extract(text, '[+-](\d\d):?(\d\d)?$', 2) as integer), 0)
        )
    );

-- a date without a time of day
create or replace temp macro is_date(text) as
    coalesce(regexp_full_match(text, '\d+\D+\d+\D+\d+日?|\d{8}'), false);

-- a cast reads ISO but passes over what stands behind the time, such as a zone it does not know
create or replace temp macro parse_local(text) as
    coalesce(
        try_strptime(text, getvariable('time_formats')),
        case when not regexp_matches(text, ':\d\d.*[A-Za-z+-]') then try_cast(text as timestamp) end
    );

create or replace temp macro to_utc(local_time) as
    (local_time at time zone getvariable('zone')) at time zone 'UTC';

create or replace temp macro parse_utc(text) as
    case
        when has_offset(text) then parse_local(cut_offset(text)) - read_offset(text)
        else to_utc(parse_local(text))
    end;
