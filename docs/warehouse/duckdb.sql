-- DuckDB: the tables of every folder in tables/, and what DuckDB says in its own way. kaslint.sql comes behind it.
CREATE OR REPLACE TEMPORARY VIEW agents AS SELECT * FROM read_parquet('tables/*/agents.parquet');
CREATE OR REPLACE TEMPORARY VIEW entries AS SELECT * FROM read_parquet('tables/*/entries.parquet');
CREATE OR REPLACE TEMPORARY VIEW patterns AS SELECT * FROM read_parquet('tables/*/patterns.parquet');
CREATE OR REPLACE TEMPORARY VIEW authorizations AS SELECT * FROM read_parquet('tables/*/authorizations.parquet');
CREATE OR REPLACE TEMPORARY VIEW user_access AS SELECT * FROM read_parquet('tables/*/user_access.parquet');
CREATE OR REPLACE TEMPORARY VIEW projects AS SELECT * FROM read_parquet('tables/*/projects.parquet');
CREATE OR REPLACE TEMPORARY VIEW groups AS SELECT * FROM read_parquet('tables/*/groups.parquet');
CREATE OR REPLACE TEMPORARY VIEW environments AS SELECT * FROM read_parquet('tables/*/environments.parquet');
CREATE OR REPLACE TEMPORARY VIEW protected_refs AS SELECT * FROM read_parquet('tables/*/protected_refs.parquet');
CREATE OR REPLACE TEMPORARY VIEW jobs AS SELECT * FROM read_parquet('tables/*/jobs.parquet');
CREATE OR REPLACE TEMPORARY VIEW decisions AS SELECT * FROM read_parquet('tables/*/decisions.parquet');

CREATE OR REPLACE TEMPORARY MACRO regexp_like(name, expression) AS regexp_matches(name, expression);

-- What holds each project, with how many names its path has.
CREATE OR REPLACE TEMPORARY VIEW project_groups AS
SELECT snapshot, source, project, n.depth, len(string_split(project, '/')) AS project_depth,
    array_to_string(string_split(project, '/')[1:n.depth], '/') AS group_path
FROM projects CROSS JOIN range(1, 64) AS n(depth)
WHERE n.depth < len(string_split(project, '/'));
