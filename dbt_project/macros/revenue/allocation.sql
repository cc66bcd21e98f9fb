{#-
    The transaction price of a contract on its performance obligations, by standalone selling price (ASC 606-10-32-28 to
    32-41, IFRS 15.73 to 15.86).

    obligations: relation or name of a CTE, one row an obligation (contract_id, obligation_no), with
        price numeric               transaction price of the contract, minor units; the same on every row of a contract
        standalone_price numeric    minor units; null for the residual obligation
        round_to numeric            step of the shares in minor units
        group_price numeric         what the discounted group of the contract sells for; null = there is no such group
        is_in_group boolean         whether the obligation is in that group
        is_residual boolean         whether it takes what the others leave

    A discount that observably belongs to a group stays in it: the group shares its price. Then, and where there is a residual,
    the other obligations stand at their standalone price; the residual takes the rest. Without either, all share the price.

    Gives every row of obligations with `allocated` (numeric, minor units). Null where there is nothing to share by. The
    shares of a contract add up to its price, unless a group without residual sells for what the others do not leave.
-#}
{% macro allocate_price(obligations) -%}
    select
        shared.*,
        case
            when is_residual then price - coalesce(sum(share) over (partition by contract_id), 0)
            else share
        end as allocated
    from (
        select
            split.*,
            case
                when is_residual then null
                when is_sharing then part
                else standalone_price
            end as share
        from (
            {{ spread('(
                select
                    roles.*,
                    contract_id as split_id,
                    obligation_no as item_no,
                    coalesce(group_price, price) as total,
                    case when is_sharing then standalone_price else 0 end as weight,
                    round_to as unit
                from (
                    select
                        obligations.*,
                        not obligations.is_residual and case
                            when obligations.group_price is not null then obligations.is_in_group
                            else not bool_or(obligations.is_residual) over (partition by obligations.contract_id)
                        end as is_sharing
                    from ' ~ obligations ~ ' as obligations
                ) as roles
            )') }}
        ) as split
    ) as shared
{%- endmacro %}
