#!/bin/bash
# Makes the database of client-app and its user where there are none: what it keeps is none of the authorization server's business.
set -eu
psql --quiet --set=ON_ERROR_STOP=1 --set=password="$CLIENT_APP_POSTGRES_PASSWORD" <<'SQL'
select 'create role client_app login' where not exists (select from pg_roles where rolname = 'client_app') \gexec
alter role client_app password :'password';
select 'create database client_app owner client_app'
  where not exists (select from pg_database where datname = 'client_app') \gexec
revoke connect on database client_app, onbehalf from public;
SQL
