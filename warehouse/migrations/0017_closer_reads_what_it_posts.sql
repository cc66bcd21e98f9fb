-- as: transformer
-- What the rules say today (int_ledger__entries, int_ledger__differences) is made anew by every build.
alter default privileges for role tieout_transformer in schema intermediate grant select on tables to tieout_closer;
