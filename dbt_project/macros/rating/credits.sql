{#- Credits: what reduces what is due, and what a credit note gives back. Amounts of one macro call have one denominator. -#}

{% macro credit_applied(amount, credit) -%}
    {#- Part of a credit that an amount takes: never more than the amount, nothing of a negative one. -#}
    greatest(least(({{ credit }}), ({{ amount }})), 0)
{%- endmacro %}

{% macro balance_after_credit(items_total, credit) -%}
    {#- What is left to pay. Items below nothing leave nothing. -#}
    (greatest(({{ items_total }}), 0) - {{ credit_applied(items_total, credit) }})
{%- endmacro %}

{% macro credit_after_invoice(items_total, credit) -%}
    {#- The credit that is left: less what was applied; items below nothing are added to it. -#}
    (({{ credit }}) - {{ credit_applied(items_total, credit) }} - least(({{ items_total }}), 0))
{%- endmacro %}


{#-
    What the credit notes of an invoice give back, note by note.

    invoices: relation, one row an invoice (document_id), with
        lines_numerator, coupon_numerator, scale   sum of the lines and what a coupon took off them, over scale
        rate_numerator, rate_scale                 the tax rate
        digits, mode                               the rounding; a mode of null rounds nothing
    notes: relation, one row a note (document_id, note_no: their order), with
        note_numerator                             line amounts credited, before coupon and tax, over the same scale

    The coupon goes back in proportion. The tax is rounded note by note, but the note that exhausts the lines takes what is
    left of the invoice's tax, so that notes and invoice come out even.
    Gives one row a note (document_id, note_no), and one with note_no null for an invoice without notes:
        adjustment_numerator, adjustment_scale   coupon given back
        subtotal_numerator, subtotal_scale       amount credited before tax
        tax_numerator, tax_scale
        total_numerator, invoice_total, total_scale   tax included; of the note, and of the invoice
        invoice_tax                              over tax_scale
-#}
{% macro credit_notes(invoices, notes) -%}
    {%- set before_this = 'over (partition by document_id order by note_no rows between unbounded preceding and 1 preceding)' -%}
    {%- set exact_width = times('invoices.scale', 'coalesce(nullif(invoices.lines_numerator, 0), 1)') -%}
    select
        taxed.*,
        case
            when mode is null then {{ times('subtotal_numerator', 'rate_scale') }} + tax_numerator
            else subtotal_numerator + {{ times('tax_numerator', 'subtotal_scale') }}
        end as total_numerator,
        case
            when mode is null
                then {{ times(
                    times('lines_numerator - coupon_numerator', 'rate_scale + rate_numerator'), 'exact_width'
                ) }}
            else (lines_numerator - coupon_numerator) + {{ times('invoice_tax', 'scale') }}
        end as invoice_total,
        case when mode is null then {{ times('subtotal_scale', 'rate_scale') }} else subtotal_scale end as total_scale
    from (
        select
            rounded.*,
            case
                when credited_so_far < lines_numerator and credited_so_far + note_numerator >= lines_numerator
                    then invoice_tax - coalesce(sum(own_tax) {{ before_this }}, 0)
                else own_tax
            end as tax_numerator
        from (
            select
                adjusted.*,
                {{ rounded_numerator(
                    times('subtotal_numerator', 'rate_numerator'), times('subtotal_scale', 'rate_scale'), 'digits', 'mode'
                ) }} as own_tax,
                {{ rounded_denominator(times('subtotal_scale', 'rate_scale'), 'mode') }} as tax_scale,
                case
                    when mode is null then {{ times(
                        times('lines_numerator - coupon_numerator', 'rate_numerator'), 'exact_width'
                    ) }}
                    else {{ round_ratio_as(
                        times('lines_numerator - coupon_numerator', 'rate_numerator'), times('scale', 'rate_scale'),
                        'digits', 'mode'
                    ) }}
                end as invoice_tax,
                coalesce(sum(note_numerator) {{ before_this }}, 0) as credited_so_far
            from (
                select
                    shared.*,
                    {{ times('note_numerator', 'adjustment_scale') }} - {{ times('adjustment_numerator', 'scale') }}
                        as subtotal_numerator,
                    {{ times('scale', 'adjustment_scale') }} as subtotal_scale
                from (
                    select
                        invoices.*,
                        notes.note_no,
                        notes.note_numerator,
                        {{ exact_width }} as exact_width,
                        {{ rounded_numerator(
                            times('invoices.coupon_numerator', 'notes.note_numerator'), exact_width,
                            'invoices.digits', 'invoices.mode'
                        ) }} as adjustment_numerator,
                        {{ rounded_denominator(exact_width, 'invoices.mode') }} as adjustment_scale
                    from {{ invoices }} as invoices
                    left join {{ notes }} as notes on invoices.document_id = notes.document_id
                ) as shared
            ) as adjusted
        ) as rounded
    ) as taxed
{%- endmacro %}
