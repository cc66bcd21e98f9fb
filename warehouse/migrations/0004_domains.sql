-- numeric takes NaN and infinities, and NaN passes "value >= 0" and turns every sum into NaN.
-- NaN sorts above infinity, so one upper bound refuses both.
create domain ops.money_amount as numeric
constraint money_amount_is_finite check (value > '-Infinity' and value < 'Infinity');
comment on domain ops.money_amount is 'Finite exact number; minor units of the currency that stands beside it.';

create domain ops.quantity as numeric
constraint quantity_is_finite check (value > '-Infinity' and value < 'Infinity');
comment on domain ops.quantity is 'Finite exact number of a meter''s units.';
