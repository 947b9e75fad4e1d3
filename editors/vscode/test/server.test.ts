// The real server, spoken to with the libraries that VS Code's client is made of, and with that client's capabilities.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  CodeActionRequest,
  type CodeAction,
  CodeActionResolveRequest,
  type ClientCapabilities,
  ConfigurationRequest,
  type ConfigurationParams,
  createProtocolConnection,
  type Diagnostic,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  type DocumentDiagnosticReport,
  DocumentDiagnosticRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  type ProtocolConnection,
  RegistrationRequest,
  type ServerCapabilities,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentContentRequest,
  type TextDocumentEdit,
  type TextEdit,
  UnregistrationRequest,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";

import { forServer, SECTION } from "../src/options.js";
import { capabilities } from "./capabilities.js";

const BROKEN = "ci_access:\n  project:\n    - id: acme/web/shop\n";
const MENDED = "ci_access:\n  projects:\n    - id: acme/web/shop\n";

let client: ClientCapabilities;
let folder = "";
let file = "";

before(async () => {
  client = await capabilities();
});

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "kaslint-vscode-")));
  file = path.join(folder, ".gitlab/agents/production/config.yaml");
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, BROKEN);
});

const sessions: Session[] = [];
afterEach(async () => {
  sessions.splice(0).forEach((session) => session.process.kill());
  await rm(folder, { recursive: true });
});

/** A server at work, and the one document that it was given. */
class Session {
  readonly uri = pathToFileURL(file).href;
  readonly process = spawn(process.env["KASLINT"] ?? "kaslint", ["lsp"], { cwd: folder });
  readonly exit = new Promise<number | null>((resolve) => this.process.on("exit", resolve));
  readonly errors: string[] = [];
  refreshed: () => void = () => undefined;
  connection: ProtocolConnection;
  server: ServerCapabilities = {};
  text = "";
  version = 0;

  constructor(public settings: Record<string, unknown>) {
    sessions.push(this);
    this.process.stderr.on("data", (data: Buffer) => this.errors.push(data.toString()));
    this.connection = createProtocolConnection(new StreamMessageReader(this.process.stdout), new StreamMessageWriter(this.process.stdin));
    this.connection.onRequest(ConfigurationRequest.type, ({ items }: ConfigurationParams) =>
      items.map(({ section }) => (section === SECTION ? forServer(this.settings, { home: "/", folder }) : null)),
    );
    this.connection.onRequest(RegistrationRequest.type, () => undefined);
    this.connection.onRequest(UnregistrationRequest.type, () => undefined);
    this.connection.onRequest(DiagnosticRefreshRequest.type, () => this.refreshed());
    this.connection.listen();
  }

  async open(): Promise<this> {
    const root = pathToFileURL(folder).href;
    const { capabilities } = await this.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: root,
      workspaceFolders: [{ uri: root, name: "w" }],
      capabilities: client,
    });
    this.server = capabilities;
    await this.connection.sendNotification(InitializedNotification.type, {});
    this.text = BROKEN;
    const textDocument = { uri: this.uri, languageId: "yaml", version: this.version, text: this.text };
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
    return this;
  }

  async change(text: string): Promise<void> {
    this.text = text;
    this.version += 1;
    const textDocument = { uri: this.uri, version: this.version };
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument, contentChanges: [{ text }] });
  }

  async diagnostics(): Promise<Diagnostic[]> {
    const report: DocumentDiagnosticReport = await this.connection.sendRequest(DocumentDiagnosticRequest.type, {
      textDocument: { uri: this.uri },
    });
    assert.equal(report.kind, "full");
    return report.items;
  }

  /** Diagnostics, asked for again whenever the server says so, until there are as many. */
  async diagnosticsWhenThereAre(count: number): Promise<Diagnostic[]> {
    for (;;) {
      const refresh = new Promise<void>((resolve) => (this.refreshed = resolve));
      const diagnostics = await this.diagnostics();
      if (diagnostics.length === count) {
        return diagnostics;
      }
      await refresh;
    }
  }

  async actions(diagnostics: Diagnostic[], only?: string): Promise<CodeAction[]> {
    const answer = await this.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: this.uri },
      range: diagnostics[0]?.range ?? { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      context: { diagnostics, ...(only === undefined ? {} : { only: [only] }) },
    });
    const actions = (answer ?? []).filter((action): action is CodeAction => typeof action.title === "string" && "kind" in action);
    return Promise.all(
      actions.map((action) => (action.edit === undefined ? this.connection.sendRequest(CodeActionResolveRequest.type, action) : action)),
    );
  }

  /** The text after an edit of this document alone. */
  apply(edit: WorkspaceEdit | undefined): string {
    const edits: TextEdit[] =
      edit?.changes?.[this.uri] ??
      (edit?.documentChanges ?? []).flatMap((change) => {
        const { textDocument, edits } = change as TextDocumentEdit;
        assert.equal(textDocument.uri, this.uri);
        return edits as TextEdit[];
      });
    assert.notEqual(edits.length, 0);
    const lines = this.text.split("\n");
    const offset = ({ line, character }: { line: number; character: number }) =>
      lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, character);
    return [...edits]
      .sort((a, b) => offset(b.range.start) - offset(a.range.start))
      .reduce((text, each) => text.slice(0, offset(each.range.start)) + each.newText + text.slice(offset(each.range.end)), this.text);
  }

  async close(): Promise<void> {
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    assert.equal(await this.exit, 0, this.errors.join(""));
    this.connection.dispose();
  }
}

const limit = { timeout: 30_000 };

test("the client asks for diagnostics, and for the texts of the server's own documents", () => {
  assert.ok(client.textDocument?.diagnostic !== undefined);
  assert.equal(client.workspace?.configuration, true);
  assert.equal(client.workspace?.textDocumentContent?.dynamicRegistration, true);
});

test("a finding is seen, its quick fix applied, and then it is gone", limit, async () => {
  const session = await new Session({}).open();
  const [finding, ...rest] = await session.diagnostics();
  assert.ok(finding !== undefined && rest.length === 0);
  assert.equal(finding.code, "unknown-key");
  assert.equal(finding.source, "kaslint");
  assert.equal(finding.severity, 1);
  assert.deepEqual(finding.range, { start: { line: 1, character: 2 }, end: { line: 1, character: 9 } });

  const fix = (await session.actions([finding])).find(({ kind }) => kind === "quickfix");
  assert.ok(fix !== undefined);
  const mended = session.apply(fix.edit);
  assert.equal(mended, MENDED);
  await session.change(mended);
  assert.deepEqual(await session.diagnostics(), []);
  await session.close();
});

test("all safe fixes can be made at once", limit, async () => {
  const session = await new Session({}).open();
  const [fix] = await session.actions([], "source.fixAll.kaslint");
  assert.ok(fix !== undefined);
  assert.match(fix.kind ?? "", /^source\.fixAll/);
  assert.equal(session.apply(fix.edit), MENDED);
  await session.close();
});

test("settings are asked for, and asked for again when they change", limit, async () => {
  const session = await new Session({ ignore: ["unknown-key"], path: "/x", tier: "" }).open();
  await session.diagnosticsWhenThereAre(0);
  session.settings = {};
  await session.connection.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
  await session.diagnosticsWhenThereAre(1);
  await session.close();
});

test("the page of a rule is a document of the server's", limit, async () => {
  const session = await new Session({}).open();
  assert.deepEqual(session.server.workspace?.textDocumentContent?.schemes, ["kaslint"]);
  const [finding] = await session.diagnostics();
  const uri = finding?.codeDescription?.href ?? "";
  assert.match(uri, /^kaslint:\/{0,3}rules\/unknown-key/);
  const { text } = await session.connection.sendRequest(TextDocumentContentRequest.type, { uri });
  assert.match(text, /^# unknown-key\n/);
  await session.close();
});

test("a client that goes away without a word leaves no server behind", limit, async () => {
  const session = await new Session({}).open();
  session.connection.dispose();
  session.process.stdin.end();
  assert.equal(typeof (await session.exit), "number");
});
