{#- What is due of a total: credit notes given before payment and the customer's balance are taken off. -#}
{{ config(materialized='view') }}

{{ invoice_statement_side(
    'greatest('
    ~ 'documents.total_minor - coalesce(documents.pre_payment_credit_notes_minor, 0)'
    ~ ' - coalesce(documents.ending_balance_minor - documents.starting_balance_minor, 0), 0)'
) }}
