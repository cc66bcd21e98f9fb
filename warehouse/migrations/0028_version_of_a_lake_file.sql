-- A build compares a file's bytes with the list once. Where the store told the load which version it wrote, and that version is
-- still there, the bytes are the load's own and need not be read for it.
alter table ops.lake_files add column version text;
comment on column ops.lake_files.version is
'What the store said of the file when its load had written it (in a folder size, time and inode); null where it says nothing then.';
