-- Whether a failure is a reason not to close is a question of its own: a rule may let a build go on and still hold the close.
alter table checks.results add column holds_close boolean not null default false;
update checks.results set holds_close = true where severity = 'block';
comment on column checks.results.holds_close is
'A month is not ready while this rule does not pass. True of everything that blocks, and of what only warns but may be a wrong figure.';
