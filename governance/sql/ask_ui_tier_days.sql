-- grain: one row per day of which the tiers are kept: the Mondays before and the snapshot's day, the oldest first
select day from (select day from out_tier_step union select since_day from out_tier_step)
where day is not null
order by day
