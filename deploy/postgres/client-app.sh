#!/bin/bash
# Makes the database of client-app and its user, in an empty PostgreSQL: what it keeps is none of the authorization server's business.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set=ON_ERROR_STOP=1 --set=password="$CLIENT_APP_POSTGRES_PASSWORD" <<'SQL'
create role client_app login password :'password';
create database client_app owner client_app;
revoke connect on database client_app from public;
revoke connect on database onbehalf from public;
SQL
