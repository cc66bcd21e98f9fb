-- What a line earns in all its months is the line.
select
    lines.ledger_line_id,
    lines.net_minor,
    sum(pieces.amount) as planned_minor
from {{ ref('int_ledger__lines') }} as lines
left join {{ ref('int_ledger__plan_pieces') }} as pieces on lines.ledger_line_id = pieces.line_id
group by lines.ledger_line_id, lines.net_minor
having lines.net_minor <> coalesce(sum(pieces.amount), 0)
