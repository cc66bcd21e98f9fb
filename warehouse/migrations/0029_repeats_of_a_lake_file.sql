-- Whoever looks for repeated events need not search a file for them that is known to have none of its own: the few events of the
-- other files of the day are looked up in it.
alter table ops.lake_files add column repeats bigint check (repeats between 0 and row_count);
comment on column ops.lake_files.repeats is
'Events whose identity an earlier event of the file has, told by a hash, so that 0 is certain; null for files that were loaded before it was counted.';
