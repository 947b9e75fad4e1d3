// The page: lists of which only what is seen is drawn, over data that stands in the page. All text becomes text nodes.

type Entry = {
  entry: { kind: string; id?: string; path?: string; line?: number; last_line?: number; route?: string };
  identity?: { mode: string; username?: string; groups?: string[] };
  environments?: string[]; protected_branches_only?: boolean; namespace?: string; conditions?: string[]; dropped?: string;
  project_count?: number; places?: number[]; beside?: number[] | null; resource_management?: object;
};
type Case = { conditions: string[]; entries: Entry[]; sets: { overridden: number[]; dropped: number[] }[] };
type Person = { kind: string; id?: string; role_group: string; dropped?: string; conditions?: string[]; path?: string; line?: number; last_line?: number };
type Agent = {
  context: string; registered: boolean; refused_at?: string; path?: string; cases: Case[];
  user_access: { identity?: { mode: string }; denied?: string; conditions?: string[]; administrators?: boolean; entries?: Person[] };
};
type Let = { context: string; conditions?: string[] | null };
type JobCase = {
  name: string; environment?: string | null; runs: { on: string; protected: boolean; certain: boolean; when: string }[];
  selects: { context: string; path: string; line: number; granted: string; reason: string }[]; protected?: Let[]; unprotected?: Let[];
};
type Job = { project: string | null; name: string; path: string; line: number; cases: JobCase[] };
type Finding = { rule: string; severity: string; message: string; help?: string; path: string; range: { start: { line: number } }; url?: string };
type Side = {
  label: string | null; gitlab_version: string; release_is_assumed: boolean; tier: string | null; has_inventory: boolean;
  agent: string | null; environment: string | null; projects: string[]; groups: string[]; agents: Agent[]; jobs: Job[]; findings: Finding[];
  files: Record<string, [number, string][]>;
};
type Cause = { entry: string | null; path?: string | null; line?: number | null } | null;
type Change = {
  context: string; kind: string; effect: string; message?: string; because?: { base: Cause; head: Cause };
  witness?: { project?: string; environment?: string | null; protected?: boolean; member_of?: Record<string, unknown> };
};
type Data = { program: string; sides: Side[]; difference: { verdict: string; changes: Change[] } | null };

/** A cell of the table of access: an agent, a project, and the entry that decides there. */
type Grant = { agent: Agent; project: string; case: Case; entry: Entry; set: number };
/** The text of a cell; of a long one its last `end` characters are seen whole. */
type Cell = { text: string; kind?: string; title?: string; end?: number };
/** A row; one of the map has its place in the tree, and a group says whether what is below it is hidden. */
type Row = { key: string; cells: Cell[]; hay: string; kinds: string; open: () => void; level?: number; isGroup?: boolean };
type Table = { id: string; title: string; noun: string; columns: string[]; rows: Row[]; widths: string };

const data: Data = JSON.parse(document.getElementById("data")!.textContent!);
const side = data.sides[data.sides.length - 1];
const before = data.sides.length > 1 ? data.sides[0] : null;
const HEIGHT = 34;
const MOST_DRAWN = 120;
const MOST_PRINTED = 20_000;
const ACTS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text in which nothing acts: what would is shown as an escape. */
const shown = (text: string): string => text.replace(ACTS, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string> = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) element.append(typeof child === "string" ? document.createTextNode(shown(child)) : child);
  return element;
}

/** Words, of which those between backticks are code. */
const prose = (text: string): (Node | string)[] => text.split("`").map((part, at) => (at % 2 && part ? make("code", {}, part) : part));
/** An agent by its context, of which the name is seen whole; and a file, of which its own name is. */
const contextCell = (context: string): Cell => ({ text: context, end: context.length - context.lastIndexOf(":") });
const placeCell = (path?: string, line?: number): Cell => {
  const text = placeOf(path, line);
  const name = text.lastIndexOf("/agents/") + 1 || text.lastIndexOf("/") + 1;
  return { text, end: text.length - name };
};

const count = (number: number, noun: string): string =>
  `${number.toLocaleString("en")} ${number === 1 ? noun : noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;

// ---- What is let in, in words and signs.

const SIGNS: Record<string, [string, string]> = {
  any: ["●", "any environment, any ref"],
  environments: ["◐", "some environments, any ref"],
  protected: ["◆", "any environment, protected refs"],
  both: ["◈", "some environments, protected refs"],
};
const kindOf = (entry: Entry): string =>
  entry.environments?.length ? (entry.protected_branches_only ? "both" : "environments") : entry.protected_branches_only ? "protected" : "any";
const environmentsOf = (entry: Entry): string => entry.environments?.join(", ") ?? "any";
const refsOf = (entry: Entry): string => (entry.protected_branches_only ? "protected" : "any");
const IDENTITIES: Record<string, string> = { agent: "the agent", ci_job: "the CI job", impersonate: "a fixed user", user: "the GitLab user" };
const identityOf = (entry: Entry): string => {
  const { mode = "agent", username } = entry.identity ?? {};
  return mode === "impersonate" && username ? `${IDENTITIES[mode]}, ${username}` : (IDENTITIES[mode] ?? mode);
};
const entryName = ({ entry }: Entry): string =>
  entry.kind === "implicit" ? "the configuration project itself" : entry.kind === "instance" ? "the instance" : `${entry.kind} ${entry.id ?? ""}`;
const placeOf = (path?: string, line?: number): string => (path ? (line ? `${path}:${line}` : path) : "");
const conditionsOf = (grant: Grant): string[] => [...grant.case.conditions, ...(grant.entry.conditions ?? [])];
const isRefused = (agent: Agent): boolean => agent.refused_at !== undefined;

function grantsOf(of: Side): Grant[] {
  const grants: Grant[] = [];
  for (const agent of of.agents) {
    for (const one of agent.cases) {
      for (const entry of one.entries) {
        if (entry.dropped !== undefined) continue;
        if (!entry.places) {
          const project = entry.entry.id ?? (entry.entry.kind === "instance" ? "every project of the instance" : agent.context.slice(0, agent.context.lastIndexOf(":")));
          grants.push({ agent, project: entry.entry.kind === "group" ? `${project}/…` : project, case: one, entry, set: -1 });
          continue;
        }
        const beside = entry.beside ?? [];
        let run = 0;
        let left = beside[0] ?? Infinity;
        for (let at = 0; at < entry.places.length; at += 2) {
          for (let place = entry.places[at]; place < entry.places[at + 1]; place++) {
            while (left === 0) left = beside[(run += 2)] ?? Infinity;
            grants.push({ agent, project: of.projects[place], case: one, entry, set: beside[run + 1] ?? -1 });
            left--;
          }
        }
      }
    }
  }
  return grants;
}

// ---- The panel.

const panel = make("aside", { id: "panel", "aria-labelledby": "panel-title", hidden: "" });

function show(title: string, ...parts: (Node | string)[]): void {
  const close = make("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", hide);
  const heading = make("h2", { id: "panel-title", tabindex: "-1" }, title);
  panel.replaceChildren(make("div", { class: "panel-head" }, heading, close), ...parts);
  panel.hidden = false;
  heading.focus();
}

function hide(): void {
  panel.hidden = true;
  grid.focus();
  remember(null);
}

function facts(pairs: [string, string | Node][]): HTMLElement {
  return make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** Lines of a file, with what is found on each below it. */
function excerpt(of: Side, path: string | undefined, first: number | undefined, last: number | undefined): Node {
  const lines = path && first ? (of.files[path] ?? []).filter(([number]) => number >= first && number <= (last ?? first)) : [];
  if (!lines.length) return document.createTextNode("");
  const found = new Map<number, Finding[]>();
  for (const one of of.findings) if (one.path === path) found.set(one.range.start.line, [...(found.get(one.range.start.line) ?? []), one]);
  const list = make("ol", { class: "excerpt", "aria-label": shown(`Lines of ${path}`), tabindex: "0" });
  for (const [number, text] of lines) {
    const item = make("li", {}, make("span", { class: "number" }, String(number)), make("code", {}, text));
    for (const one of found.get(number) ?? []) item.append(make("p", { class: `finding ${one.severity}` }, `${one.severity}: `, ...prose(one.message), ` (${one.rule})`));
    list.append(item);
  }
  return make("figure", {}, make("figcaption", {}, placeOf(path, first)), list);
}

function entryList(of: Side, entries: Entry[]): HTMLElement {
  return make("ul", {}, ...entries.map((one) =>
    make("li", {}, `${entryName(one)}: ${one.dropped ? `dropped, it ${one.dropped}` : `${one.environments?.length ? `environments ${environmentsOf(one)}` : "any environment"}, ${one.protected_branches_only ? "protected refs" : "any ref"}, as ${identityOf(one)}`}`,
      ...(one.project_count === undefined || one.dropped ? [] : [`; ${count(one.project_count, "project")}`]), excerpt(of, one.entry.path, one.entry.line, one.entry.last_line))));
}

function why(of: Side, grant: Grant): Node[] {
  const { entry } = grant;
  const parts: Node[] = [
    facts([
      ["Let in", `${SIGNS[kindOf(entry)][0]} ${SIGNS[kindOf(entry)][1]}`], ["Environments", environmentsOf(entry)], ["Refs", refsOf(entry)], ["Acts as", identityOf(entry)],
      ...(entry.namespace ? [["Namespace", entry.namespace] as [string, string]] : []),
      ...(conditionsOf(grant).length ? [["Only if", conditionsOf(grant).join("; ")] as [string, string]] : []),
    ]),
    make("h3", {}, "Why"),
    make("p", {}, `${entryName(entry)[0].toUpperCase()}${entryName(entry).slice(1)} decides${entry.entry.kind === "implicit" ? ": it gets in without an entry and without restriction" : ""}.`),
    excerpt(of, entry.entry.path, entry.entry.line, entry.entry.last_line),
  ];
  const set = grant.case.sets[grant.set];
  for (const [title, list] of [["Overridden as a whole", set?.overridden], ["Fell out before", set?.dropped]] as const) {
    if (list?.length) parts.push(make("h3", {}, title), entryList(of, list.map((at) => grant.case.entries[at])));
  }
  return parts;
}

function showGrant(key: string, after: Grant[], old: Grant[]): void {
  remember(key);
  const one = after[0] ?? old[0];
  const of = (label: string, world: Side, list: Grant[]): Node[] => [
    ...(before ? [make("h3", { class: "side" }, label)] : []),
    ...(list.length ? list.flatMap((grant) => why(world, grant)) : [make("p", {}, "Not let in.")]),
  ];
  show(`${one.project} at ${one.agent.context}`,
    ...(isRefused(one.agent) ? [make("p", { class: "warn" }, `GitLab refuses the file of this agent (${one.agent.refused_at}): what is in force is not known, this is what it would grant.`)] : []),
    ...(before ? of(`Before: ${before.label ?? ""}`, before, old) : []), ...of(`After: ${side.label ?? ""}`, side, after));
}

const jobsOf = (context: string): Job[] =>
  side.jobs.filter((job) => job.cases.some((one) => [...(one.protected ?? []), ...(one.unprotected ?? [])].some((row) => row.context === context)));

function showAgent(key: string, agent: Agent): void {
  remember(key);
  const users = agent.user_access;
  const jobs = jobsOf(agent.context);
  const link = make("button", { type: "button" }, "Show the projects that reach it");
  link.addEventListener("click", () => { panel.hidden = true; go("access", agent.context); });
  show(agent.context,
    ...(isRefused(agent) ? [make("p", { class: "warn" }, `GitLab refuses its file (${agent.refused_at}): what is in force is not known.`)] : []),
    facts([["File", agent.path ?? "none"], ["Registered", agent.registered ? "yes" : "no, so GitLab reads no file of it"]]), link,
    ...agent.cases.flatMap((one) => [make("h3", {}, `What its entries come to${one.conditions.length ? ` if ${one.conditions.join(" and ")}` : ""}`), entryList(side, one.entries)]),
    make("h3", {}, "People"),
    make("p", {}, users.denied ?? `They act as ${IDENTITIES[users.identity?.mode ?? "agent"]}${users.conditions?.length ? `, if ${users.conditions.join("; ")}` : ""}.${users.administrators ? " Administrators get in as well." : ""}`),
    make("ul", {}, ...(users.entries ?? []).map((one) => make("li", {}, `${one.kind} ${one.id ?? ""}${one.dropped ? `: dropped, it ${one.dropped}` : ""}`, excerpt(side, one.path, one.line, one.last_line)))),
    make("h3", {}, `Jobs that get in (${jobs.length})`),
    make("ul", {}, ...jobs.slice(0, 100).map((job) => make("li", {}, `${job.project ?? ""} ${job.name} (${placeOf(job.path, job.line)})`))));
}

function showJob(key: string, job: Job): void {
  remember(key);
  const agents = (list: Let[] | undefined): string => list?.map((one) => one.context + (one.conditions?.length ? ` if ${one.conditions.join("; ")}` : "")).join(", ") || "none";
  show(`${job.name} in ${job.project ?? "this project"}`, facts([["File", placeOf(job.path, job.line)]]),
    ...job.cases.flatMap((one) => [
      make("h3", {}, one.name),
      facts([["Environment", one.environment ?? "none"], ["On protected refs it sees", agents(one.protected)], ["On other refs it sees", agents(one.unprotected)],
        ...one.selects.map((select): [string, string] => [`Selects ${select.context}`, `${select.granted}: ${select.reason} (${placeOf(select.path, select.line)})`])]),
    ]));
}

function showFinding(key: string, one: Finding): void {
  remember(key);
  const line = one.range.start.line;
  show(`${one.severity}: ${one.rule}`, make("p", {}, ...prose(one.message)), ...(one.help ? [make("p", {}, ...prose(one.help))] : []), excerpt(side, one.path, Math.max(1, line - 2), line + 2));
}

// ---- The tables.

const row = (key: string, cells: (Cell | string)[], kinds: string, open: () => void): Row => {
  const whole = cells.map((cell) => (typeof cell === "string" ? { text: cell } : cell));
  return { key, cells: whole, hay: whole.map((cell) => cell.text).join("\n").toLowerCase(), kinds, open };
};

function accessTable(): Table {
  type Pair = { after: Grant[]; old: Grant[] };
  const pairs = new Map<string, Pair>();
  const add = (list: Grant[], which: keyof Pair): void => {
    for (const grant of list) {
      const key = `${grant.agent.context} ${grant.project}`;
      let pair = pairs.get(key);
      if (!pair) pairs.set(key, (pair = { after: [], old: [] }));
      pair[which].push(grant);
    }
  };
  add(grantsOf(side), "after");
  if (before) add(grantsOf(before), "old");
  const terms = (list: Grant[]): string =>
    JSON.stringify(list.map(({ entry, case: one }) => [entry.environments, entry.protected_branches_only, entry.identity, entry.namespace, entry.conditions, one.conditions]));
  const rows: Row[] = [];
  for (const [key, { after, old }] of pairs) {
    const list = after.length ? after : old;
    const { agent, project, entry } = list[0];
    const kind = kindOf(entry);
    const open = conditionsOf(list[0]).length > 0 || isRefused(agent) || list.length > 1;
    const change = !before ? "" : !old.length ? "+ added" : !after.length ? "− removed" : terms(after) === terms(old) ? "= same" : "~ changed";
    rows.push(row(key, [
      ...(before ? [{ text: change, kind: change.slice(2) }] : []), project, contextCell(agent.context),
      { text: `${SIGNS[kind][0]} ${environmentsOf(entry)}${open ? " ?" : ""}`, kind, title: SIGNS[kind][1] + (open ? ", under a condition" : "") },
      refsOf(entry), identityOf(entry), entryName(entry), placeCell(entry.entry.path, entry.entry.line),
    ], `${kind} ${entry.identity?.mode ?? "agent"}${open ? " open" : ""} ${change.slice(2)}`, () => showGrant(key, after, old)));
  }
  // What is another thing comes first.
  const place = (one: Row): number => "+~−=".indexOf(one.cells[0].text[0]);
  if (before) rows.sort((a, b) => place(a) - place(b));
  return {
    id: "access", title: "Access", noun: "grant", rows, columns: [...(before ? ["Change"] : []), "Project", "Agent", "Environments", "Refs", "Acts as", "Entry", "Line"],
    widths: `${before ? "7rem " : ""}minmax(12rem,2fr) minmax(11rem,2fr) minmax(9rem,1.4fr) 6.5rem minmax(7rem,1fr) minmax(9rem,1.4fr) minmax(9rem,1.4fr)`,
  };
}

function agentsTable(): Table {
  const rows = side.agents.map((agent) => {
    const counts = agent.cases.map((one) => one.entries.reduce((sum, entry) => sum + (entry.dropped ? 0 : (entry.project_count ?? 0)), 0));
    const people = agent.user_access.entries?.filter((one) => !one.dropped).length ?? 0;
    const state = isRefused(agent) ? "! refused" : !agent.registered ? "! not registered" : agent.path ? "in force" : "no file";
    return row(agent.context, [contextCell(agent.context), state, side.has_inventory ? String(Math.max(0, ...counts)) : "not known", String(agent.cases[0]?.entries.length ?? 0), String(people), placeCell(agent.path)], "", () => showAgent(agent.context, agent));
  });
  return { id: "agents", title: "Agents", noun: "agent", rows, columns: ["Agent", "State", "Projects", "Entries", "People entries", "File"], widths: "minmax(14rem,2fr) 9rem 7rem 6rem 8rem minmax(12rem,2fr)" };
}

function jobsTable(): Table {
  const names = (list: Let[] | undefined): string => list?.map((one) => one.context).join(", ") ?? "";
  const rows = side.jobs.map((job, at) => row(`job ${at}`, [
    job.project ?? "", job.name, [...new Set(job.cases.map((one) => one.environment ?? "none"))].join(", "), names(job.cases[0]?.protected), names(job.cases[0]?.unprotected), placeCell(job.path, job.line),
  ], "", () => showJob(`job ${at}`, job)));
  return { id: "jobs", title: "Jobs", noun: "job", rows, columns: ["Project", "Job", "Environments", "Agents on protected refs", "Agents on other refs", "Line"], widths: "minmax(10rem,1.4fr) minmax(8rem,1fr) minmax(8rem,1fr) minmax(12rem,2fr) minmax(12rem,2fr) minmax(9rem,1fr)" };
}

function findingsTable(): Table {
  const rows = side.findings.map((one, at) => row(`finding ${at}`, [{ text: one.severity, kind: one.severity }, one.message, one.rule, placeCell(one.path, one.range.start.line)], "", () => showFinding(`finding ${at}`, one)));
  return { id: "findings", title: "Findings", noun: "finding", rows, columns: ["Severity", "Message", "Rule", "Line"], widths: "7rem minmax(18rem,4fr) minmax(10rem,1fr) minmax(12rem,1.4fr)" };
}

/** Groups and projects as a tree, against the agents; of many agents those that the search keeps, a screen of them. */
const MOST_COLUMNS = 10;
let firstColumn = 0;
/** Groups of the map whose projects are hidden. */
const closed = new Set<string>();
function mapTable(): Table {
  const agents = side.agents.slice(firstColumn, firstColumn + MOST_COLUMNS);
  const cellsOf = new Map<string, Map<Agent, Grant[]>>();
  const below = new Map<string, Map<Agent, number>>();
  const totals = new Map<string, number>();
  const above = (path: string): string[] => path.split("/").slice(0, -1).map((_, at, all) => all.slice(0, at + 1).join("/"));
  for (const path of side.projects) for (const group of above(path)) totals.set(group, (totals.get(group) ?? 0) + 1);
  const shownAgents = new Set(agents);
  for (const grant of grantsOf(side)) {
    if (!shownAgents.has(grant.agent)) continue;
    const of = cellsOf.get(grant.project) ?? new Map<Agent, Grant[]>();
    if (!of.has(grant.agent)) for (const group of above(grant.project)) {
      const counts = below.get(group) ?? new Map<Agent, number>();
      below.set(group, counts.set(grant.agent, (counts.get(grant.agent) ?? 0) + 1));
    }
    of.set(grant.agent, [...(of.get(grant.agent) ?? []), grant]);
    cellsOf.set(grant.project, of);
  }
  const nodes = new Set<string>([...side.groups, ...totals.keys(), ...side.projects, ...cellsOf.keys()]);
  const order = [...nodes].map((path): [string, string] => [path.replaceAll("/", "\u0000"), path]).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const rows = order.map(([, path]) => {
    const total = totals.get(path);
    const level = path.split("/").length;
    const name = `${"\u00a0\u00a0".repeat(level - 1)}${total === undefined ? "" : closed.has(path) ? "▸ " : "▾ "}${path}`;
    const cells = agents.map((agent): Cell => {
      const grants = cellsOf.get(path)?.get(agent);
      if (grants) {
        const kind = kindOf(grants[0].entry);
        const open = conditionsOf(grants[0]).length || isRefused(agent) || grants.length > 1 ? " ?" : "";
        return { text: `${SIGNS[kind][0]} ${{ any: "any", environments: "env", protected: "prot", both: "env+prot" }[kind]}, ${(grants[0].entry.identity?.mode ?? "agent").replace("_", " ")}${open}`, kind, title: SIGNS[kind][1] };
      }
      const reached = below.get(path)?.get(agent);
      return { text: reached ? `${reached} of ${total ?? reached}` : "–" };
    });
    return { ...row(path, [name, ...cells], "", () => showNode(path, cellsOf.get(path) ?? new Map())), level, isGroup: total !== undefined };
  });
  return { id: "map", title: "Map", noun: "row", rows, columns: ["Group or project", ...agents.map((agent) => agent.context)], widths: `minmax(18rem,2fr) ${"minmax(8rem,1fr) ".repeat(agents.length)}` };
}

function showNode(path: string, of: Map<Agent, Grant[]>): void {
  remember(path);
  show(path, ...([...of].flatMap(([agent, grants]) => [make("h3", { class: "side" }, agent.context), ...grants.flatMap((grant) => why(side, grant))])),
    ...(of.size ? [] : [make("p", {}, "No entry of the agents shown here lets it in itself.")]));
}

function showChange(one: Change): void {
  const { witness } = one;
  const example = !witness ? "" : witness.project === undefined ? "" : `a job of ${witness.project} ${witness.environment ? `with the environment ${witness.environment}` : "without an environment"}, on ${witness.protected ? "a protected ref" : "a ref that is not protected"}`;
  const decides = (label: string, world: Side, cause: Cause | undefined): Node[] => !cause ? [] : [
    make("h3", { class: "side" }, label), make("p", {}, cause.entry ? `${cause.entry} decides.` : "The configuration project's own access decides."),
    excerpt(world, cause.path ?? undefined, cause.line ?? undefined, lastLine(world, cause)),
  ];
  show(`${one.effect}: ${one.context}`, make("p", {}, ...prose(one.message ?? one.kind)), ...(example ? [facts([["For example", example]])] : []),
    ...(before ? decides(`Before: ${before.label ?? ""}`, before, one.because?.base) : []), ...decides(`After: ${side.label ?? ""}`, side, one.because?.head));
}

/** Where an entry ends, as the agent that has it says. */
function lastLine(of: Side, cause: NonNullable<Cause>): number | undefined {
  for (const agent of of.agents) {
    if (agent.path !== cause.path) continue;
    for (const one of agent.cases) for (const { entry } of one.entries) if (entry.line === cause.line) return entry.last_line;
  }
  return undefined;
}

function changesTable(): Table {
  const rows = (data.difference?.changes ?? []).map((one, at) => row(`change ${at}`, [{ text: one.effect, kind: one.effect }, contextCell(one.context), one.kind, one.message ?? ""], "", () => {
    remember(`change ${at}`);
    showChange(one);
  }));
  return { id: "changes", title: "Changes", noun: "change", rows, columns: ["Effect", "Agent", "Kind", "What changes"], widths: "7rem minmax(10rem,1fr) 9rem minmax(18rem,4fr)" };
}

const BUILDERS: Record<string, [string, () => Table]> = {
  ...(data.difference ? { changes: ["Changes", changesTable] } : {}),
  access: ["Access", accessTable], map: ["Map", mapTable], agents: ["Agents", agentsTable],
  // The comparison reads no CI files.
  ...(data.difference ? {} : { jobs: ["Jobs", jobsTable] }), findings: ["Findings", findingsTable],
};
const tables = new Map<string, Table>();
const tableOf = (id: string): Table => tables.get(id) ?? (tables.set(id, BUILDERS[id][1]()), tables.get(id)!);

// ---- The frame.

let table: Table;
let found: Row[] = [];
let active = 0;
let isPrinting = false;

const search = make("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
const kinds = make("select", { id: "kinds" }, ...[["", "Everything"], ["any", "● Any environment and ref"], ["environments", "◐ Some environments"], ["protected", "◆ Protected refs"], ["both", "◈ Both"], ["agent", "As the agent"], ["ci_job", "As the CI job"], ["impersonate", "As a fixed user"], ["open", "? Under a condition"],
  ...(before ? [["added", "+ Added"], ["removed", "− Removed"], ["changed", "~ Changed"]] : [])].map(([value, text]) => make("option", { value }, text)));
const status = make("p", { id: "status", role: "status" });
const tabs = make("div", { role: "tablist", "aria-label": "Views" });
const grid = make("div", { id: "grid", role: "grid", tabindex: "0", "aria-readonly": "true" });
const space = make("div", { class: "space", role: "presentation" });
const head = make("div", { class: "head", role: "row", "aria-rowindex": "1" });
const body = make("div", { class: "body", role: "rowgroup" });
const shift = make("div", { class: "shift", hidden: "" });
const legend = make("ul", { class: "legend", "aria-label": "Signs" });

let height = 0;
let drawn = -1;
const firstDrawn = (): number => Math.max(0, Math.floor(grid.scrollTop / HEIGHT) - 20);

function draw(from = firstDrawn()): void {
  drawn = from;
  const first = isPrinting ? 0 : drawn;
  const last = isPrinting ? Math.min(found.length, MOST_PRINTED) : Math.min(found.length, first + Math.min(MOST_DRAWN, Math.ceil(height / HEIGHT) + 40));
  const rows: Node[] = [];
  for (let at = first; at < last; at++) {
    const { cells } = found[at];
    const line = make("div", { role: "row", id: `row-${at}`, class: at === active ? "row active" : "row", "aria-rowindex": String(at + 2), "aria-selected": String(at === active) });
    const { level, isGroup, key } = found[at];
    if (level !== undefined) {
      line.setAttribute("aria-level", String(level));
      if (isGroup) line.setAttribute("aria-expanded", String(!closed.has(key)));
    }
    if (!isPrinting) line.style.transform = `translateY(${at * HEIGHT}px)`;
    line.style.gridTemplateColumns = table.widths;
    cells.forEach((cell, column) => {
      const text = cell.text.length > 300 ? `${cell.text.slice(0, 300)}…` : cell.text;
      const content = cell.kind ? make("span", { class: `pill ${cell.kind}` }, text) : cell.end && text === cell.text && cell.end < text.length
        ? make("span", { class: "cut" }, make("span", {}, text.slice(0, -cell.end)), make("span", {}, text.slice(-cell.end))) : null;
      line.append(make("div", { role: column === 0 ? "rowheader" : "gridcell", "aria-colindex": String(column + 1), title: shown(cell.title ?? text) }, ...(content ? [content] : prose(text))));
    });
    line.addEventListener("click", () => { active = at; draw(); if (isGroup) toggle(at); else found[at].open(); });
    rows.push(line);
  }
  if (!found.length) rows.push(make("div", { role: "row", class: "none" }, make("div", { role: "gridcell" }, table.rows.length ? `No ${table.noun} matches.` : `There is no ${table.noun} here.`)));
  if (isPrinting && last < found.length) rows.push(make("div", { class: "none" }, `${count(found.length - last, "row")} behind these are not printed; a search leaves fewer.`));
  space.style.height = `${Math.max(1, found.length) * HEIGHT}px`;
  body.replaceChildren(...rows);
  if (active >= first && active < last) grid.setAttribute("aria-activedescendant", `row-${active}`);
  else grid.removeAttribute("aria-activedescendant");
}

function filter(): void {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = table.id === "access" ? kinds.value : "";
  found = table.rows.filter((one) => words.every((word) => one.hay.includes(word)) && (!kind || one.kinds.split(" ").includes(kind)));
  // A search looks below groups that are closed.
  if (table.id === "map" && closed.size && !words.length) {
    let hidden: string | null = null;
    found = found.filter((one) => {
      if (hidden !== null && one.key.startsWith(hidden)) return false;
      hidden = one.isGroup && closed.has(one.key) ? `${one.key}/` : null;
      return true;
    });
  }
  active = 0;
  // What is laid out is not asked while it changes: that would have it laid out twice.
  if (drawn !== 0 || grid.scrollTop > 0) grid.scrollTop = 0;
  grid.setAttribute("aria-rowcount", String(found.length + 1));
  status.textContent = found.length === table.rows.length ? count(found.length, table.noun) : `${found.length.toLocaleString("en")} of ${count(table.rows.length, table.noun)}`;
  draw(0);
}

/** Hides what is below a group of the map, or shows it again. */
function toggle(at: number, isOpen?: boolean): void {
  const { key, isGroup } = found[at] ?? {};
  if (!key || !isGroup || isOpen === !closed.has(key)) return;
  if (!closed.delete(key)) closed.add(key);
  const { scrollTop } = grid;
  tables.delete("map");
  view("map");
  grid.scrollTop = scrollTop;
  move(found.findIndex((one) => one.key === key));
}

function view(id: string): void {
  table = tableOf(id);
  for (const tab of tabs.children) {
    const isOn = (tab as HTMLElement).dataset.view === id;
    tab.setAttribute("aria-selected", String(isOn));
    tab.setAttribute("tabindex", isOn ? "0" : "-1");
  }
  const total = id === "map" ? side.agents.length + 1 : table.columns.length;
  grid.setAttribute("aria-label", table.title);
  grid.setAttribute("role", id === "map" ? "treegrid" : "grid");
  legend.hidden = id !== "access" && id !== "map";
  grid.setAttribute("aria-colcount", String(total));
  head.style.gridTemplateColumns = table.widths;
  head.replaceChildren(...table.columns.map((name, at) => make("div", { role: "columnheader", "aria-colindex": String(id === "map" && at ? at + 1 + firstColumn : at + 1), title: shown(name) }, name)));
  kinds.parentElement!.hidden = id !== "access";
  shift.hidden = id !== "map" || side.agents.length <= MOST_COLUMNS;
  filter();
}

function remember(key: string | null): void {
  const state = new URLSearchParams({ view: table.id });
  if (search.value) state.set("q", search.value);
  if (kinds.value) state.set("let", kinds.value);
  if (key !== null) state.set("open", key);
  history.replaceState(null, "", `#${state}`);
}

function go(id: string, query: string): void {
  search.value = query;
  kinds.value = "";
  view(id);
  remember(null);
  grid.focus();
}

function restore(): void {
  const state = new URLSearchParams(location.hash.slice(1));
  const id = state.get("view") ?? "";
  search.value = state.get("q") ?? "";
  kinds.value = state.get("let") ?? "";
  if (kinds.selectedIndex < 0) kinds.value = "";
  panel.hidden = true;
  view(Object.hasOwn(BUILDERS, id) ? id : Object.keys(BUILDERS)[0]);
  const at = state.has("open") ? found.findIndex((one) => one.key === state.get("open")) : -1;
  if (at >= 0) { move(at); found[at].open(); }
}

function move(to: number): void {
  if (!found.length) return;
  active = Math.max(0, Math.min(found.length - 1, to));
  const top = active * HEIGHT;
  const room = grid.clientHeight - head.offsetHeight;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + HEIGHT > grid.scrollTop + room) grid.scrollTop = top + HEIGHT - room;
  draw();
}

function csv(): void {
  // What a spreadsheet would run as a formula has a ' in front, as in --format csv.
  const cell = (text: string): string => {
    const plain = shown(text.replace(/^\u00a0+/, ""));
    return `"${(/^[=+\-@\t\r]/.test(text) ? `'${plain}` : plain).replaceAll('"', '""')}"`;
  };
  const lines = [table.columns, ...found.map((one) => one.cells.map((part) => part.text))].map((cells) => cells.map(cell).join(","));
  const link = make("a", { href: URL.createObjectURL(new Blob([lines.join("\r\n"), "\r\n"], { type: "text/csv" })), download: `kaslint-${table.id}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function start(): void {
  const theme = make("select", { id: "theme" }, ...[["", "As the system"], ["light", "Light"], ["dark", "Dark"]].map(([value, text]) => make("option", { value }, text)));
  const use = (): void => { document.documentElement.dataset.theme = theme.value; };
  // A page that is opened from a disk may not be let to keep anything.
  try { theme.value = localStorage.getItem("kaslint-theme") ?? ""; } catch { /* The system's, then. */ }
  if (theme.selectedIndex < 0) theme.value = "";
  use();
  theme.addEventListener("change", () => { use(); try { localStorage.setItem("kaslint-theme", theme.value); } catch { /* Until it is closed. */ } });
  for (const [id, [title]] of Object.entries(BUILDERS)) {
    const tab = make("button", { role: "tab", type: "button", id: `tab-${id}`, "aria-controls": "grid", "data-view": id }, title);
    tab.addEventListener("click", () => { view(id); remember(null); });
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children] as HTMLElement[];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length];
    next.click();
    next.focus();
    event.preventDefault();
  });
  grid.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(grid.clientHeight / HEIGHT) - 2);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: found.length - 1 }[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && found[active]) found[active].open();
    else if (table.id === "map" && event.key === "ArrowLeft") toggle(active, false);
    else if (table.id === "map" && event.key === "ArrowRight") toggle(active, true);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) hide();
    if (event.key === "/" && !(event.target instanceof HTMLInputElement)) { search.focus(); event.preventDefault(); }
  });
  grid.addEventListener("scroll", () => requestAnimationFrame(() => { if (firstDrawn() !== drawn) draw(); }));
  search.addEventListener("input", () => { filter(); remember(null); });
  kinds.addEventListener("change", () => { filter(); remember(null); });
  for (const [text, step] of [["Agents before", -MOST_COLUMNS], ["Agents behind", MOST_COLUMNS]] as const) {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      firstColumn = Math.max(0, Math.min(firstColumn + step, Math.floor((side.agents.length - 1) / MOST_COLUMNS) * MOST_COLUMNS));
      tables.delete("map");
      view("map");
    });
    shift.append(button);
  }
  addEventListener("beforeprint", () => { isPrinting = true; draw(); });
  addEventListener("afterprint", () => { isPrinting = false; draw(); });
  new ResizeObserver(() => { if (grid.clientHeight !== height) { height = grid.clientHeight; draw(); } }).observe(grid);
  addEventListener("hashchange", restore);
  const save = make("button", { type: "button", id: "csv" }, "Save as CSV");
  save.addEventListener("click", csv);
  const known = (of: Side): string => `GitLab ${of.gitlab_version}${of.release_is_assumed ? " (assumed)" : ""}, ${of.tier ?? "licence not known"}${of.has_inventory ? `, ${count(of.projects.length, "project")}` : ", no inventory"}`;
  space.append(body);
  grid.append(head, space);
  legend.append(...Object.entries(SIGNS).map(([kind, [sign, text]]) => make("li", {}, make("span", { class: `pill ${kind}`, "aria-hidden": "true" }, sign), ` ${text}`)), make("li", {}, "? under a condition"));
  document.getElementById("page")!.append(
    make("a", { class: "skip", href: "#grid" }, "To the table"),
    make("header", {}, make("div", {}, make("h1", {}, before ? "What a change lets in" : "Who gets in"), make("p", {}, before ? `${before.label ?? "before"} (${known(before)}) → ${side.label ?? "after"} (${known(side)})` : known(side))),
      make("label", {}, "Theme ", theme)),
    make("main", {}, tabs,
      make("div", { class: "tools", role: "search" }, make("label", {}, "Search ", search), make("label", {}, "Let in ", kinds), save, shift, status),
      legend, make("div", { class: "split" }, grid, panel)),
    make("footer", {}, make("p", {}, `Written by ${data.program}. Arrow keys move, Enter opens, Escape closes, / searches.`)));
  document.querySelector(".skip")!.addEventListener("click", (event) => { event.preventDefault(); grid.focus(); });
  height = grid.clientHeight;
  restore();
}

start();

export {};
