-- Quarantine keeps what was delivered, which is JSON now and then. Postgres 15 cannot ask whether a text is JSON.
create function ops.json_or_null(given text) returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return given::jsonb;
exception when others then
    return null;
end
$$;
comment on function ops.json_or_null(text) is 'The JSON in a text, null when it is none.';
revoke execute on function ops.json_or_null(text) from public;
grant execute on function ops.json_or_null(text)
to tieout_transformer, tieout_closer, tieout_analyst, tieout_auditor;
