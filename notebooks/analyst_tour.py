"""A tour of the marts for analysts: how much of a month ties out, which breaks stand, and what else there is to ask.

`make notebook` opens it as an app; `marimo edit notebooks/analyst_tour.py` opens it for changes; the tests run it. It
reads as the role `analyst`, which can select from `marts` and `reconciliation` and do nothing else.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="tieout: a tour of the marts")


@app.cell
def imports():
    import altair as alt
    import marimo as mo
    import pandas as pd

    from warehouse.connection import connect

    return alt, connect, mo, pd


@app.cell
def reading(connect, pd):
    def read(statement, parameters=None):
        """Rows of one query as a frame; amounts stay exact (Python integers and decimals, never floats)."""
        with connect(role="analyst") as connection:
            connection.read_only = True
            cursor = connection.execute(statement, parameters)
            names = [column.name for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)

    return (read,)


@app.cell
def money():
    def amount(minor, exponent):
        """Minor units as an accountant writes them: thousands separated, negatives in parentheses."""
        if minor is None:
            return ""
        whole, rest = divmod(abs(int(minor)), 10 ** int(exponent))
        text = f"{whole:,}" + (f".{rest:0{int(exponent)}d}" if exponent else "")
        return f"({text})" if minor < 0 else text

    return (amount,)


@app.cell
def tie_out(read):
    tied = read(
        """
        select
            to_char(t.period_month, 'YYYY-MM') as month,
            t.currency,
            c.exponent,
            t.billed_minor,
            t.tied_minor,
            t.tied_share,
            t.line_count,
            t.tied_line_count
        from reconciliation.recon_tie_out as t
        inner join marts.dim_currencies as c on c.currency = t.currency
        order by t.period_month, t.currency
        """
    )
    return (tied,)


@app.cell
def introduction(mo):
    mo.md(
        """
        # A tour of the marts

        Everything here is read from two schemas: `marts` (what happened) and `reconciliation` (what agrees with what).
        Amounts are whole **minor units** with their **currency** beside them, so no sum crosses currencies; the
        table `marts.dim_currencies` says how many decimals a currency has.

        ## How much ties out

        A billed line is *tied out* when it is what the contract and the usage say it should be, its invoice has no
        open payment break, and its money has no open break between Stripe, payout and bank.
        """
    )
    return


@app.cell
def tie_out_table(amount, mo, tied):
    tie_out_rows = [
        {
            "month": row.month,
            "currency": row.currency.upper(),
            "billed": amount(row.billed_minor, row.exponent),
            "tied out": amount(row.tied_minor, row.exponent),
            "share": "" if row.tied_share is None else f"{row.tied_share * 100:.2f} %",
            "lines": f"{row.line_count:,}",
            "lines tied out": f"{row.tied_line_count:,}",
        }
        for row in tied.itertuples()
    ]
    mo.ui.table(tie_out_rows, selection=None, label="Billed against tied out, by month and currency")
    return (tie_out_rows,)


@app.cell
def tie_out_chart(alt, amount, mo, pd, tied):
    # Floats only place the bars; the words beside them are exact.
    bars = pd.DataFrame(
        [
            {
                "month": row.month,
                "currency": row.currency.upper(),
                "what": what,
                "height": int(minor) / 10 ** int(row.exponent),
                "amount": amount(minor, row.exponent),
            }
            for row in tied.itertuples()
            for what, minor in (("billed", row.billed_minor), ("tied out", row.tied_minor))
        ],
        columns=["month", "currency", "what", "height", "amount"],
    )
    chart = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            x=alt.X("month:N", title=None),
            xOffset=alt.XOffset("what:N"),
            y=alt.Y("height:Q", title="amount in the currency"),
            color=alt.Color("what:N", title=None, scale=alt.Scale(range=["#9aa7b8", "#1f6f5c"])),
            tooltip=["month", "currency", "what", "amount"],
        )
        .properties(width=200, height=220)
        .facet(column=alt.Column("currency:N", title=None))
        .resolve_scale(y="independent")
    )
    mo.ui.altair_chart(chart, chart_selection=False, legend_selection=False)
    return (chart,)


@app.cell
def breaks(read):
    open_breaks = read(
        """
        select
            b.control_id,
            n.name as control,
            b.break_class,
            b.severity,
            b.owner,
            b.tracking_key,
            b.account_id,
            b.currency,
            c.exponent,
            b.amount_minor,
            b.quantity_delta,
            b.business_on,
            b.left_values,
            b.right_values,
            b.left_ids,
            b.right_ids
        from reconciliation.recon_breaks as b
        inner join reconciliation.recon_controls as n on n.control_id = b.control_id
        left join marts.dim_currencies as c on c.currency = b.currency
        where b.status = 'open'
        order by b.severity, b.control_id, abs(coalesce(b.amount_minor, 0)) desc, b.tracking_key
        """
    )
    return (open_breaks,)


@app.cell
def break_choice(mo, open_breaks):
    control = mo.ui.dropdown(
        options=["all", *sorted(set(open_breaks["control_id"]))], value="all", label="Breaks of control"
    )
    mo.vstack([mo.md("## The breaks that stand open"), control])
    return (control,)


@app.cell
def break_table(amount, control, mo, open_breaks):
    break_rows = [
        {
            "control": f"{row.control_id} {row.control}",
            "class": row.break_class,
            "severity": row.severity,
            "currency": (row.currency or "").upper(),
            # Only quantities differ where there is no amount.
            "amount": amount(row.amount_minor, row.exponent or 0),
            "quantity": "" if row.quantity_delta is None else f"{row.quantity_delta}",
            "account": row.account_id or "",
            "key": row.tracking_key,
            "owner": row.owner,
            "left": row.left_values,
            "right": row.right_values,
            "evidence": f"{row.left_ids or ''} / {row.right_ids or ''}",
        }
        for row in open_breaks.itertuples()
        if control.value in ("all", row.control_id)
    ]
    mo.ui.table(break_rows, selection=None, page_size=15)
    return (break_rows,)


@app.cell
def marts(read):
    relations = read(
        """
        select
            n.nspname || '.' || c.relname as relation,
            coalesce(split_part(obj_description(c.oid, 'pg_class'), E'\\n', 1), '') as grain,
            (
                select string_agg(a.attname, ', ' order by a.attnum)
                from pg_attribute as a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            ) as columns
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in ('marts', 'reconciliation') and c.relkind in ('r', 'v', 'm')
            and has_table_privilege(c.oid, 'select')
        order by relation
        """
    )
    return (relations,)


@app.cell
def marts_table(mo, relations):
    mo.vstack(
        [
            mo.md(
                """
                ## What there is to ask

                The first sentence of a mart's description is its **grain**: what one row stands for. Join many to one,
                on the keys named there. `docs/cookbook.sql` holds queries to begin with.
                """
            ),
            mo.ui.table(relations.to_dict("records"), selection=None, page_size=30),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
