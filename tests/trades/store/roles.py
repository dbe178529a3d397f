"""A database as Supabase makes it: its roles, and the function that says who asks."""

from tests.repository import ROOT

SQL_FILE = ROOT / "skills_lib" / "trades" / "store" / "supabase" / "trade_log.sql"
OWNER = "11111111-1111-4111-8111-111111111111"
STRANGER = "22222222-2222-4222-8222-222222222222"
AS_SUPABASE = """
do $$ begin
  create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
exception when duplicate_object then null; end $$;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
create schema auth;
grant usage on schema auth to anon, authenticated, service_role;
create function auth.uid() returns uuid language sql stable as
  $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
"""
"""The default privileges are Supabase's own: without row-level security everybody may do everything."""
