-- Like every other table of the ledger it may be read by those who read the ledger.
grant select on ledger.unchecked_postings to tieout_closer, tieout_transformer, tieout_auditor;
