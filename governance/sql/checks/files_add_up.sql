-- grain: one row per input file whose rows do not add up: read = accepted + quarantined + duplicate
select source, file, read, accepted, quarantined, duplicate
from meta_file
where read <> accepted + quarantined + duplicate
