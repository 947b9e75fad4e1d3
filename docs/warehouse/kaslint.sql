-- From the base tables to decisions, and ten questions. Runs in DuckDB behind duckdb.sql and in Spark behind spark.sql.

-- Everything that names a project, the most specific with the lowest rank: the project itself, implicit access, groups from the innermost on, the instance.
CREATE OR REPLACE TEMPORARY VIEW claims AS
SELECT p.snapshot, p.source, p.project, a.agent, a.entry, CASE WHEN a.kind = 'project' THEN 0 ELSE 1 END AS ranked,
    a.state, a.needs_paid_tier, a.needs_instance_authorization, a.needs_group, a.needs_place
FROM projects p JOIN authorizations a
    ON a.snapshot = p.snapshot AND a.source = p.source AND lower(a.target) = lower(p.project)
WHERE a.kind IN ('project', 'implicit') AND a.state <> 'unread' AND coalesce(a.reason, '') <> 'not_registered'
UNION ALL
SELECT g.snapshot, g.source, g.project, a.agent, a.entry, 1 + g.project_depth - g.depth,
    a.state, a.needs_paid_tier, a.needs_instance_authorization, a.needs_group, a.needs_place
FROM project_groups g JOIN authorizations a
    ON a.snapshot = g.snapshot AND a.source = g.source AND lower(a.target) = lower(g.group_path)
WHERE a.kind = 'group' AND a.state <> 'unread' AND coalesce(a.reason, '') <> 'not_registered'
UNION ALL
SELECT p.snapshot, p.source, p.project, a.agent, a.entry, CASE WHEN a.kind = 'implicit' THEN 1 ELSE 1000 END,
    a.state, a.needs_paid_tier, a.needs_instance_authorization, a.needs_group, a.needs_place
FROM projects p JOIN authorizations a ON a.snapshot = p.snapshot AND a.source = p.source
WHERE (a.kind = 'instance' OR a.kind = 'implicit' AND a.target IS NULL)
    AND a.state <> 'unread' AND coalesce(a.reason, '') <> 'not_registered';

-- What may decide: the first that is kept, and before it each that may be kept while all before it are not. Where nothing is kept for certain, nothing may decide either.
CREATE OR REPLACE TEMPORARY VIEW winners AS
SELECT c.snapshot, c.source, c.project, c.agent, c.entry
FROM claims c
WHERE c.state IN ('kept', 'depends') AND NOT EXISTS (
    SELECT 1 FROM claims b
    WHERE b.snapshot = c.snapshot AND b.source = c.source AND b.project = c.project AND b.agent = c.agent AND b.ranked < c.ranked
        AND (b.state = 'kept' OR b.state = 'depends' AND NOT b.needs_place
            AND (c.needs_paid_tier OR NOT b.needs_paid_tier)
            AND (c.needs_instance_authorization OR NOT b.needs_instance_authorization)
            AND (c.needs_group OR NOT b.needs_group)))
UNION ALL
SELECT snapshot, source, project, agent, CAST(NULL AS VARCHAR(64))
FROM claims
GROUP BY snapshot, source, project, agent
HAVING max(CASE WHEN state = 'kept' THEN 1 ELSE 0 END) = 0;

-- What the patterns of an entry say of an environment, one after the other until one decides. The old matcher raises where Ruby refuses a pattern.
CREATE OR REPLACE TEMPORARY VIEW verdicts AS
SELECT snapshot, source, agent, entry, matcher, environment, comparable,
    CASE WHEN matches < raises OR unknown < matches AND unknown < raises THEN 1 ELSE 0 END AS passes,
    CASE WHEN raises < matches THEN 1 ELSE 0 END AS raised,
    CASE WHEN raises = matches THEN 1 ELSE 0 END AS differs
FROM (
    SELECT snapshot, source, agent, entry, matcher, environment, comparable,
        min(CASE WHEN said = 'matches' THEN position ELSE 1000000 END) AS matches,
        min(CASE WHEN said = 'raises' THEN position ELSE 1000000 END) AS raises,
        min(CASE WHEN said = 'unknown' THEN position ELSE 1000000 END) AS unknown
    FROM (
        SELECT t.snapshot, t.source, t.agent, t.entry, t.matcher, t.position, e.environment, e.comparable,
            CASE WHEN t.reason = 'raises' THEN 'raises'
                WHEN NOT e.comparable OR t.expression IS NULL THEN 'unknown'
                WHEN regexp_like(e.environment, t.expression) THEN 'matches'
                ELSE 'differs' END AS said
        FROM patterns t
        JOIN (SELECT DISTINCT snapshot, source, environment, comparable FROM environments) e
            ON e.snapshot = t.snapshot AND e.source = t.source
    ) compared
    GROUP BY snapshot, source, agent, entry, matcher, environment, comparable
) decided;

-- What is asked: jobs without an environment and with each, on protected refs and on others, by each matcher that may be in.
CREATE OR REPLACE TEMPORARY VIEW requests AS
SELECT r.snapshot, r.source, r.project, r.environment, r.comparable, f.protected, m.matcher
FROM (
    SELECT snapshot, source, project, CAST(NULL AS VARCHAR(255)) AS environment, true AS comparable FROM projects
    UNION ALL
    SELECT snapshot, source, project, environment, comparable FROM environments
) r
CROSS JOIN (SELECT true AS protected UNION ALL SELECT false AS protected) f
JOIN (
    SELECT DISTINCT snapshot, source, matcher FROM patterns
    UNION ALL
    SELECT DISTINCT p.snapshot, p.source, 'new' AS matcher FROM projects p
    WHERE NOT EXISTS (SELECT 1 FROM patterns t WHERE t.snapshot = p.snapshot AND t.source = p.source)
) m ON m.snapshot = r.snapshot AND m.source = r.source;

-- What each request may come to at each agent, by itself.
CREATE OR REPLACE TEMPORARY VIEW outcomes AS
SELECT snapshot, source, project, environment, protected, matcher, agent,
    CASE WHEN count(*) = 1 THEN max(entry) END AS entry,
    max(CASE WHEN passes = 1 AND (protected OR NOT only_protected OR is_flagged) THEN 1 ELSE 0 END) AS allows,
    max(CASE WHEN passes = 0 OR raised = 1 OR differs = 1 OR only_protected AND NOT protected THEN 1 ELSE 0 END) AS denies,
    max(raised) AS may_raise,
    CASE WHEN count(*) = 1 AND max(raised) = 1 AND max(passes) = 0 THEN 1 ELSE 0 END AS raises
FROM (
    SELECT r.snapshot, r.source, r.project, r.environment, r.protected, r.matcher, w.agent, w.entry,
        coalesce(e.protected_branches_only, false) AS only_protected, coalesce(e.protection_flagged, false) AS is_flagged,
        CASE WHEN w.entry IS NULL THEN 0 WHEN NOT e.restricts_environments THEN 1
            WHEN r.environment IS NULL THEN 0 ELSE coalesce(v.passes, 0) END AS passes,
        coalesce(v.raised, 0) AS raised,
        coalesce(v.differs, 0) AS differs
    FROM requests r
    JOIN winners w ON w.snapshot = r.snapshot AND w.source = r.source AND w.project = r.project
    LEFT JOIN entries e ON e.snapshot = w.snapshot AND e.source = w.source AND e.agent = w.agent AND e.entry = w.entry
    LEFT JOIN verdicts v ON v.snapshot = w.snapshot AND v.source = w.source AND v.agent = w.agent AND v.entry = w.entry
        AND v.matcher = r.matcher AND v.environment = r.environment AND v.comparable = r.comparable
) each_winner
GROUP BY snapshot, source, project, environment, protected, matcher, agent;

-- The decisions: what raises fails the request for all agents of the job; where matchers or what is not known make a difference, the word is unknown. An agent whose
-- file GitLab refuses may do anything.
CREATE OR REPLACE TEMPORARY VIEW recomputed AS
SELECT snapshot, source, project, environment, protected, agent,
    CASE WHEN min(decision) = max(decision) THEN min(decision) ELSE 'unknown' END AS decision, max(entry) AS entry
FROM (
    SELECT o.snapshot, o.source, o.project, o.environment, o.protected, o.matcher, o.agent, o.entry,
        CASE WHEN o.allows = 0 OR o.matcher = 'old' AND f.raises = 1 THEN 'denied'
            WHEN o.denies = 1 OR o.matcher = 'old' AND f.may_raise = 1 THEN 'unknown'
            ELSE 'allowed' END AS decision
    FROM outcomes o
    LEFT JOIN (
        SELECT snapshot, source, project, environment, matcher, max(raises) AS raises, max(may_raise) AS may_raise
        FROM outcomes WHERE environment IS NOT NULL
        GROUP BY snapshot, source, project, environment, matcher
    ) f ON f.snapshot = o.snapshot AND f.source = o.source AND f.project = o.project AND f.environment = o.environment AND f.matcher = o.matcher
) by_matcher
GROUP BY snapshot, source, project, environment, protected, agent
UNION ALL
SELECT DISTINCT r.snapshot, r.source, r.project, r.environment, r.protected, a.agent, 'unknown', CAST(NULL AS VARCHAR(64))
FROM requests r JOIN agents a ON a.snapshot = r.snapshot AND a.source = r.source
WHERE a.registered AND a.refused_at IS NOT NULL;

-- What kaslint decided otherwise. It has no rows; what stands here is a fault of one of the two.
CREATE OR REPLACE TEMPORARY VIEW disagreements AS
SELECT 'kaslint' AS said_by, k.* FROM (
    SELECT snapshot, source, project, environment, protected, agent, decision, entry FROM decisions
    EXCEPT SELECT snapshot, source, project, environment, protected, agent, decision, entry FROM recomputed) k
UNION ALL
SELECT 'sql' AS said_by, s.* FROM (
    SELECT snapshot, source, project, environment, protected, agent, decision, entry FROM recomputed
    EXCEPT SELECT snapshot, source, project, environment, protected, agent, decision, entry FROM decisions) s;

-- 1. Who reaches an agent, as whom, and through which line? `SELECT * FROM who_reaches WHERE agent = '…'`. What may be so is in it, as unknown.
CREATE OR REPLACE TEMPORARY VIEW who_reaches AS
SELECT d.snapshot, d.source, d.agent, d.project, d.environment, d.protected, d.decision, d.entry, e.identity, e.username, e.namespace, e.path, e.line
FROM decisions d LEFT JOIN entries e
    ON e.snapshot = d.snapshot AND e.source = d.source AND e.agent = d.agent AND e.entry = d.entry
WHERE d.decision <> 'denied';

-- 2. What changed since last week? The newest snapshot of each source, against the newest that is a week older or more.
CREATE OR REPLACE TEMPORARY VIEW changed_since_last_week AS
SELECT coalesce(n.source, b.source) AS source, coalesce(n.project, b.project) AS project, coalesce(n.environment, b.environment) AS environment,
    coalesce(n.protected, b.protected) AS protected, coalesce(n.agent, b.agent) AS agent,
    coalesce(b.decision, 'denied') AS before, coalesce(n.decision, 'denied') AS now
FROM (
    SELECT d.*, coalesce(d.environment, '') AS name FROM decisions d
    JOIN (SELECT source, max(snapshot) AS day FROM projects GROUP BY source) l ON l.source = d.source AND l.day = d.snapshot
) n
FULL OUTER JOIN (
    SELECT d.*, coalesce(d.environment, '') AS name FROM decisions d
    JOIN (
        SELECT p.source, max(p.snapshot) AS day FROM projects p
        JOIN (SELECT source, max(snapshot) AS day FROM projects GROUP BY source) l ON l.source = p.source
        WHERE p.snapshot <= l.day - INTERVAL '7' DAY
        GROUP BY p.source
    ) w ON w.source = d.source AND w.day = d.snapshot
) b ON b.source = n.source AND b.project = n.project AND b.name = n.name AND b.protected = n.protected AND b.agent = n.agent
WHERE coalesce(b.decision, 'denied') <> coalesce(n.decision, 'denied')
    AND coalesce(n.source, b.source) IN (
        SELECT source FROM projects GROUP BY source HAVING min(snapshot) <= max(snapshot) - INTERVAL '7' DAY);

-- 3. Which entries does nobody use? They let in nobody of today's projects and environments.
CREATE OR REPLACE TEMPORARY VIEW unused_entries AS
SELECT e.snapshot, e.source, e.agent, e.entry, e.id, e.path, e.line
FROM entries e
LEFT JOIN (SELECT DISTINCT snapshot, source, agent, entry FROM decisions WHERE decision <> 'denied' AND entry IS NOT NULL) d
    ON d.snapshot = e.snapshot AND d.source = e.source AND d.agent = e.agent AND d.entry = e.entry
WHERE e.kind <> 'implicit' AND d.entry IS NULL;

-- 4. Which agents are used as their own service account, which is cluster-admin unless somebody took that away, from refs that are not protected?
CREATE OR REPLACE TEMPORARY VIEW service_account_from_unprotected_refs AS
SELECT d.snapshot, d.source, d.agent, d.project, d.environment, d.decision, e.entry, e.path, e.line
FROM decisions d JOIN entries e
    ON e.snapshot = d.snapshot AND e.source = d.source AND e.agent = d.agent AND e.entry = d.entry
WHERE d.decision <> 'denied' AND NOT d.protected AND e.identity = 'agent' AND e.kind <> 'implicit';

-- 5. Which agents does production reach from refs that are not protected?
CREATE OR REPLACE TEMPORARY VIEW production_from_unprotected_refs AS
SELECT d.snapshot, d.source, d.project, d.environment, d.agent, d.decision, d.entry
FROM decisions d JOIN environments v
    ON v.snapshot = d.snapshot AND v.source = d.source AND v.project = d.project AND v.environment = d.environment
WHERE d.decision <> 'denied' AND NOT d.protected
    AND (v.tier = 'production' OR v.tier IS NULL AND (lower(v.environment) LIKE '%prod%' OR lower(v.environment) LIKE '%live%'));

-- 6. Which people use agents, from where, and as whom?
CREATE OR REPLACE TEMPORARY VIEW people AS
SELECT snapshot, source, agent, kind, target, identity, role_group, administrators, state, reason, path, line
FROM user_access WHERE state IN ('kept', 'depends');

-- 7. Which entries reach furthest?
CREATE OR REPLACE TEMPORARY VIEW widest_entries AS
SELECT d.snapshot, d.source, d.agent, d.entry, max(e.identity) AS identity, max(e.path) AS path, max(e.line) AS line, count(DISTINCT d.project) AS projects
FROM decisions d JOIN entries e
    ON e.snapshot = d.snapshot AND e.source = d.source AND e.agent = d.agent AND e.entry = d.entry
WHERE d.decision <> 'denied'
GROUP BY d.snapshot, d.source, d.agent, d.entry;

-- 8. What is not known, and why?
CREATE OR REPLACE TEMPORARY VIEW not_known AS
SELECT snapshot, source, agent, reason, count(*) AS decisions, count(DISTINCT project) AS projects
FROM decisions WHERE decision = 'unknown'
GROUP BY snapshot, source, agent, reason;

-- 9. Which entries does GitLab drop without a word, and why?
CREATE OR REPLACE TEMPORARY VIEW dropped_entries AS
SELECT a.snapshot, a.source, a.agent, a.entry, a.target, a.reason, e.path, e.line
FROM authorizations a JOIN entries e
    ON e.snapshot = a.snapshot AND e.source = a.source AND e.agent = a.agent AND e.entry = a.entry
WHERE a.state = 'dropped' AND a.kind <> 'implicit';

-- 10. Which jobs select an agent that does not let them in, or may not?
CREATE OR REPLACE TEMPORARY VIEW jobs_without_access AS
SELECT j.snapshot, j.source, j.project, j.combination, j.path, j.line, j.environment, f.protected, j.agent, coalesce(d.decision, 'denied') AS decision, d.reason
FROM jobs j
JOIN (SELECT true AS protected UNION ALL SELECT false AS protected) f
    ON f.protected AND j.runs_protected OR NOT f.protected AND j.runs_unprotected
LEFT JOIN decisions d
    ON d.snapshot = j.snapshot AND d.source = j.source AND d.project = j.project AND d.protected = f.protected AND d.agent = j.agent
    AND coalesce(d.environment, '') = coalesce(j.environment, '')
WHERE j.agent IS NOT NULL AND j.environment_known AND coalesce(d.decision, 'denied') <> 'allowed';
