-- as: transformer
-- dbt drops and remakes its tables, and grants made by hand are lost with them; these are not.
alter default privileges for role tieout_transformer in schema marts
grant select on tables to tieout_analyst, tieout_closer, tieout_auditor;
alter default privileges for role tieout_transformer in schema reconciliation
grant select on tables to tieout_analyst, tieout_closer, tieout_auditor;
alter default privileges for role tieout_transformer in schema staging grant select on tables to tieout_auditor;
alter default privileges for role tieout_transformer in schema intermediate grant select on tables to tieout_auditor;
alter default privileges for role tieout_transformer in schema checks grant select on tables to tieout_auditor;
