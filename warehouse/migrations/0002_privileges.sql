-- Who may enter which schema, and what tables made later grant by themselves.
grant usage on schema ops to tieout_loader, tieout_transformer, tieout_closer, tieout_analyst, tieout_auditor;
grant usage on schema raw, quarantine to tieout_loader, tieout_transformer, tieout_auditor;
grant usage, create on schema staging, intermediate, marts, reconciliation to tieout_transformer;
-- create in checks, because dbt stores the failing rows of its tests there
grant usage, create on schema checks to tieout_transformer;
grant usage on schema staging, intermediate, checks to tieout_auditor, tieout_closer;
grant usage on schema marts, reconciliation to tieout_closer, tieout_analyst, tieout_auditor;
grant usage on schema close to tieout_closer, tieout_transformer, tieout_auditor;

-- Nobody gets update, delete or truncate on raw and quarantine: what has landed stays as it landed.
alter default privileges for role tieout_owner in schema raw grant select, insert on tables to tieout_loader;
alter default privileges for role tieout_owner in schema raw grant select on tables to tieout_transformer, tieout_auditor;
alter default privileges for role tieout_owner in schema quarantine grant select, insert on tables to tieout_loader;
alter default privileges for role tieout_owner in schema quarantine
grant select on tables to tieout_transformer, tieout_auditor;
alter default privileges for role tieout_owner in schema ops
grant select on tables to tieout_loader, tieout_transformer, tieout_closer, tieout_auditor;
alter default privileges for role tieout_owner in schema checks
grant select on tables to tieout_transformer, tieout_closer, tieout_auditor;
alter default privileges for role tieout_owner in schema close grant select, insert on tables to tieout_closer;
alter default privileges for role tieout_owner in schema close grant select on tables to tieout_transformer, tieout_auditor;
-- functions are not for everybody to call
alter default privileges for role tieout_owner revoke execute on functions from public;

grant select on ops.migrations to tieout_loader, tieout_transformer, tieout_closer, tieout_auditor;
