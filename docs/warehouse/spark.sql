-- Spark, from 3.4 on: the tables of every folder in tables/, and what Spark says in its own way. kaslint.sql comes behind it.
CREATE OR REPLACE TEMPORARY VIEW agents USING parquet OPTIONS (path 'tables/*/agents.parquet');
CREATE OR REPLACE TEMPORARY VIEW entries USING parquet OPTIONS (path 'tables/*/entries.parquet');
CREATE OR REPLACE TEMPORARY VIEW patterns USING parquet OPTIONS (path 'tables/*/patterns.parquet');
CREATE OR REPLACE TEMPORARY VIEW authorizations USING parquet OPTIONS (path 'tables/*/authorizations.parquet');
CREATE OR REPLACE TEMPORARY VIEW user_access USING parquet OPTIONS (path 'tables/*/user_access.parquet');
CREATE OR REPLACE TEMPORARY VIEW projects USING parquet OPTIONS (path 'tables/*/projects.parquet');
CREATE OR REPLACE TEMPORARY VIEW groups USING parquet OPTIONS (path 'tables/*/groups.parquet');
CREATE OR REPLACE TEMPORARY VIEW environments USING parquet OPTIONS (path 'tables/*/environments.parquet');
CREATE OR REPLACE TEMPORARY VIEW protected_refs USING parquet OPTIONS (path 'tables/*/protected_refs.parquet');
CREATE OR REPLACE TEMPORARY VIEW jobs USING parquet OPTIONS (path 'tables/*/jobs.parquet');
CREATE OR REPLACE TEMPORARY VIEW decisions USING parquet OPTIONS (path 'tables/*/decisions.parquet');

-- What holds each project, with how many names its path has.
CREATE OR REPLACE TEMPORARY VIEW project_groups AS
SELECT snapshot, source, project, n.depth, size(split(project, '/')) AS project_depth,
    substring_index(project, '/', n.depth) AS group_path
FROM projects LATERAL VIEW explode(sequence(1, 63)) n AS depth
WHERE n.depth < size(split(project, '/'));
