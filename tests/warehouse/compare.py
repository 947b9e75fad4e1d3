"""compare.py TABLES: what kaslint decided, held row by row against what DuckDB and Spark make of the base tables with docs/warehouse/kaslint.sql.

TABLES has a folder of tables for each world and day. The answers to the ten questions have to be the same in both as well. Needs duckdb and pyspark."""

import os
import pathlib
import sys
import time

import duckdb

SQL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "warehouse"
DECISION = "snapshot, source AS world, project, environment, protected, agent, decision, entry"
QUESTIONS = [
    "who_reaches", "changed_since_last_week", "unused_entries", "service_account_from_unprotected_refs", "production_from_unprotected_refs", "people",
    "widest_entries", "not_known", "dropped_entries", "jobs_without_access",
]


def statements(name, tables):
    text = (SQL / name).read_text().replace("'tables/", f"'{tables}/")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";\n") if statement.strip(" \n;")]


def plain(rows):
    return sorted((tuple(row) for row in rows), key=lambda row: [(value is not None, str(value)) for value in row])


def in_duckdb(tables):
    connection = duckdb.connect(config={"threads": 2})
    for name in ("duckdb.sql", "kaslint.sql"):
        for statement in statements(name, tables):
            connection.execute(statement)
    return lambda query: connection.execute(query).fetchall()


def in_spark(tables):
    from pyspark.sql import SparkSession
    settings = {
        "spark.sql.shuffle.partitions": 2, "spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.driver.memory": "2g",
        "spark.sql.autoBroadcastJoinThreshold": 10_000_000, "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
        "spark.ui.showConsoleProgress": "false",
        # Many files, each of few rows: what pays for itself on large tables is most of the work here.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": 100_000, "spark.sql.files.openCostInBytes": 10_000, "spark.sql.codegen.wholeStage": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("kaslint")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # Read once: hundreds of small files are more work than their rows.
    for statement in statements("spark.sql", tables) + statements("kaslint.sql", tables):
        session.sql(statement)
        words = statement.split()
        if "USING" in words:
            session.sql(f"CACHE TABLE {words[5]}")
    return lambda query: session.sql(query).collect()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    tables = pathlib.Path(sys.argv[1]).resolve()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    start, failed = time.monotonic(), False
    queries = {"recomputed": f"SELECT {DECISION} FROM recomputed", **{name: f"SELECT * FROM {name}" for name in QUESTIONS}}
    duck = in_duckdb(tables)
    by_kaslint = plain(duck(f"SELECT {DECISION} FROM decisions"))
    by_duck = {name: plain(duck(query)) for name, query in queries.items()}
    disagreements = duck("SELECT * FROM disagreements")
    print(f"DuckDB {duckdb.__version__}: {time.monotonic() - start:.0f} s", flush=True)
    spark = in_spark(tables)
    by_spark = {name: plain(spark(query)) for name, query in queries.items()}
    print(f"Spark: {time.monotonic() - start:.0f} s", flush=True)
    for name, rows in (("DuckDB", by_duck["recomputed"]), ("Spark", by_spark["recomputed"])):
        if rows != by_kaslint:
            failed = True
            missing, more = set(by_kaslint) - set(rows), set(rows) - set(by_kaslint)
            print(f"{name} decides otherwise: {len(missing)} rows of kaslint's, {len(more)} of its own")
            for row in plain(missing)[:5] + plain(more)[:5]:
                print("   ", row)
    failed |= bool(disagreements)
    for name in QUESTIONS:
        print(f"{name}: {len(by_duck[name])} rows")
        # A question that nothing answers in any world compares nothing.
        if by_duck[name] != by_spark[name] or not by_duck[name]:
            failed = True
            print(f"{name}: DuckDB has {len(by_duck[name])} rows, Spark {len(by_spark[name])}:", plain(set(by_duck[name]) ^ set(by_spark[name]))[:4])
    words = {}
    for row in by_kaslint:
        words[row[6]] = words.get(row[6], 0) + 1
    worlds = len({row[1] for row in by_kaslint})
    print(f"{len(by_kaslint)} decisions of {worlds} worlds with projects: {words}")
    failed |= set(words) != {"allowed", "denied", "unknown"}
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
