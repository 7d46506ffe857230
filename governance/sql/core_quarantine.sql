-- grain: one row per quarantined input row, with its reasons and its original columns
select source, file, row_number, reasons, original::json as original
from mid_bad_row
order by source, file, row_number
