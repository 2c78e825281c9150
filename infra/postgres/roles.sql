-- Run by psql when the database is made. Every side has a role of its own: the store's cannot see the read models and only
-- leaves things in the vault, the read models' can read the log but not the vault, and query can only read read models.
-- What the store may do in the vault, and the read models' role in the store, is granted by `funnel migrate`.
\getenv store_password STORE_PASSWORD
\getenv vault_password VAULT_PASSWORD
\getenv read_password READ_PASSWORD
\getenv query_password QUERY_PASSWORD
\set ON_ERROR_STOP on

create role funnel_store login password :'store_password';
create role funnel_vault login password :'vault_password';
create role funnel_read login password :'read_password';
create role funnel_query login password :'query_password';

revoke all on database funnel from public;
grant connect, create, temporary on database funnel to funnel_store, funnel_vault, funnel_read;
grant connect on database funnel to funnel_query;
alter default privileges for role funnel_read grant usage on schemas to funnel_query;
alter default privileges for role funnel_read grant select on tables to funnel_query;
alter role funnel_query set default_transaction_read_only = on;
