-- Where a puller goes on is known exactly when what it pulled is here: the cursor stands in the row of the load.
alter table ops.loads add column cursor jsonb;
alter table ops.loads add constraint loads_cursor check (jsonb_typeof(cursor) = 'object');
comment on column ops.loads.cursor is 'Where the source goes on after this delivery, as its manifest says.';
