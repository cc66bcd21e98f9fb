-- A column that a system adds rides along in the payload, and somebody should hear of it. What is new is told from the
-- names that every delivery had: whatever the order of loading, a row of ops.loads holds the same.
alter table ops.loads add column fields text[];
comment on column ops.loads.fields is
'Names of the fields of the file''s records beside those that the loader itself reads, in order; null where none are looked at.';

create view ops.new_fields as
with delivered as (
    select system, object, unnest(fields) as field, min(load_seq) as load_seq
    from ops.loads
    group by system, object, field
),

begun as (
    select system, object, min(load_seq) as load_seq
    from ops.loads
    where cardinality(fields) > 0
    group by system, object
)

select delivered.system, delivered.object, delivered.field, loads.load_id, loads.delivered_on, loads.file_name, loads.known_at
from delivered
inner join begun on delivered.system = begun.system and delivered.object = begun.object
inner join ops.loads as loads on delivered.load_seq = loads.load_seq
where delivered.load_seq > begun.load_seq;
comment on view ops.new_fields is
'One row per field that a file brought and no file of its object that was loaded before had; the first file of an object brings nothing new.';
