-- An object store names every write of an object. The same version has the same bytes, so it need not be read again.
alter table ops.loads add column source_version text;
comment on column ops.loads.source_version is
'Version (ETag or generation) of the object that was read; null when the file lay in a folder.';
