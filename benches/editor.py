#!/usr/bin/env python3
"""From a keystroke to the diagnostics: kaslint's language server within one process and over pipes, and yaml-language-server.

`python3 benches/editor.py [--kaslint PATH] [--alone] [--runs N]`, from anywhere. It needs cargo for `benches/editor.rs`, which measures within
the process and writes the file that all of them edit, beside an inventory and jobs; with `--alone` there is a file alone, over pipes, and no cargo. Both servers get the same file, the same
keystrokes one after the other, and the same client, which is below; yaml-language-server has kaslint's JSON Schema and no other. Times are from sending a change to having read the diagnostics;
the first diagnostics are from the start of the server. CPU time is the server's own, user and system, from /proc for keystrokes, so it is known on Linux alone.

yaml-language-server waits before it looks at a change, so that it does not look at each of many. That is part of its time, since the
editor waits for it too; its CPU time says how much of it is work.
"""

import argparse
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measuring import AGENT_FILE as CONFIG
from measuring import PLACES, ROOT, from_npm, large_file, machine, version, write

OTHER = "yaml-language-server@1.25.0"
# As in editor.rs.
EDITED = "service-0200"
WARM_UP = 20
KEYSTROKES = 200
PATIENCE = 60


class Server:
    """A language server and the client that both servers get."""

    def __init__(self, command, folder, settings):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": PLACES})
        self.settings = settings
        self.arrived = queue.Queue()
        self.lock = threading.Lock()
        self.asked = 0
        self.surplus = 0
        threading.Thread(target=self.read, daemon=True).start()
        capabilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"publishDiagnostics": {"versionSupport": True}, "synchronization": {}},
        }
        folders = [{"uri": folder.as_uri(), "name": folder.name}]
        self.request("initialize", {"processId": os.getpid(), "rootUri": folder.as_uri(), "workspaceFolders": folders, "capabilities": capabilities})
        self.send({"method": "initialized", "params": {}})
        self.send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.lock:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.process.stdin.flush()

    def read(self):
        """Reads what arrives, answers what is asked, and keeps the rest with the time of its arrival."""
        out = self.process.stdout
        while True:
            length = None
            while line := out.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.arrived.put((time.perf_counter(), None))
                return
            message = json.loads(out.read(length))
            if "method" in message and "id" in message:
                result = None
                if message["method"] == "workspace/configuration":
                    result = [self.settings.get(item.get("section", "")) for item in message["params"]["items"]]
                self.send({"id": message["id"], "result": result})
            else:
                self.arrived.put((time.perf_counter(), message))

    def next(self, wanted, patience=PATIENCE):
        until = time.perf_counter() + patience
        while True:
            arrived, message = self.arrived.get(timeout=max(until - time.perf_counter(), 0.001))
            assert message is not None, "the server is gone"
            if wanted(message):
                return arrived, message

    def request(self, method, params):
        self.asked += 1
        asked = self.asked
        self.send({"id": asked, "method": method, "params": params})
        return self.next(lambda message: message.get("id") == asked)[1].get("result")

    def diagnostics(self, uri, version):
        """When the diagnostics of a state of a document came, and what they are. A server that leaves the state out is believed."""

        def wanted(message):
            params = message.get("params") or {}
            is_told = message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri
            return is_told and params.get("version") in (None, version)

        arrived, message = self.next(wanted)
        return arrived, message["params"]["diagnostics"]

    def open(self, uri, text):
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "languageId": "yaml", "version": 0, "text": text}}})

    def change(self, uri, version, change):
        self.send({"method": "textDocument/didChange", "params": {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}})

    def count_surplus(self):
        """Counts diagnostics that nobody has waited for: they would be taken for those of the next keystroke."""
        while not self.arrived.empty():
            _, message = self.arrived.get()
            self.surplus += message is not None and message.get("method") == "textDocument/publishDiagnostics"

    def cpu(self):
        """Seconds of CPU time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends it; CPU seconds and the most memory, in MiB, of all of its life."""
        self.request("shutdown", None)
        self.send({"method": "exit"})
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def first(command, folder, settings):
    """Seconds from the start to the first diagnostics of the file, CPU seconds and memory of a server that does nothing else."""
    server, file = Server(command, folder, settings), folder / CONFIG
    server.open(file.as_uri(), file.read_text())
    arrived, _ = server.diagnostics(file.as_uri(), 0)
    return arrived - server.started, *server.stop()


def measure(command, folder, settings):
    """Seconds of each keystroke, and CPU seconds of one."""
    server = Server(command, folder, settings)
    # A server that looks at nothing is quick as well.
    bad = folder / ".gitlab/agents/bad/config.yaml"
    server.open(bad.as_uri(), "ci_access:\n  project: []\n")
    _, found = server.diagnostics(bad.as_uri(), 0)
    assert any(one["range"]["start"]["line"] == 1 for one in found), f"{command[0]} does not see the mistake: {found}"
    server.send({"method": "textDocument/didClose", "params": {"textDocument": {"uri": bad.as_uri()}}})

    file = folder / CONFIG
    text = file.read_text()
    server.open(file.as_uri(), text)
    _, found = server.diagnostics(file.as_uri(), 0)
    assert not found, found
    (line, before), = [(at, line) for at, line in enumerate(text.split("\n")) if line.endswith(EDITED)]
    # Whatever a server does of itself after opening is not what is measured.
    time.sleep(1)
    server.count_surplus()
    server.surplus = 0
    times, cpu = [], 0
    for number in range(1, WARM_UP + KEYSTROKES + 1):
        if number == WARM_UP + 1:
            cpu = server.cpu()
        is_typed = number % 2 == 1
        start, end = len(before), len(before) + (0 if is_typed else 1)
        place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        server.count_surplus()
        sent = time.perf_counter()
        server.change(file.as_uri(), number, {"range": place, "text": "x" if is_typed else ""})
        arrived, _ = server.diagnostics(file.as_uri(), number)
        times.append(arrived - sent)
    cpu = (server.cpu() - cpu) / KEYSTROKES
    assert not server.surplus, f"{command[0]} told more than it was asked"
    server.stop()
    return times[WARM_UP:], cpu


def tell_first(name, runs):
    seconds, cpu, memory = (statistics.median(run[at] for run in runs) for at in range(3))
    print(f"{name:48} {seconds * 1e3:7.1f} ms {cpu * 1e3:34.1f} ms {memory:7.1f} MiB")


def tell(name, runs):
    times = sorted(time for times, _ in runs for time in times)
    median, most, largest = statistics.median(times), times[(len(times) - 1) * 95 // 100], times[-1]
    cpu = statistics.median(cpu for _, cpu in runs)
    print(f"{name:48} {median * 1e3:7.2f} ms {most * 1e3:7.2f} ms {largest * 1e3:7.2f} ms {cpu * 1e3:9.2f} ms", flush=True)
    return median, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kaslint", type=Path, default=ROOT / "target/release/kaslint", help="the binary")
    parser.add_argument("--alone", action="store_true", help="the file alone, over pipes")
    parser.add_argument("--runs", type=int, default=3, help="how often each server is started and measured over pipes")
    arguments = parser.parse_args()
    kaslint, other = arguments.kaslint.resolve(), from_npm("yaml-language-server", OTHER)
    bench = ["cargo", "bench", "--quiet", "--bench", "editor", "--"]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name).resolve()
        world, alone, schema = work / "world", work / "alone", work / "agent-config.schema.json"
        if arguments.alone:
            write(alone, {CONFIG: large_file()})
        else:
            subprocess.run([*bench, "write", world], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
            # What the other server sees of it all.
            write(alone, {CONFIG: (world / CONFIG).read_text()})
        schema.write_bytes(subprocess.run([kaslint, "schema", "agent-config"], check=True, capture_output=True).stdout)
        print(machine())
        if not arguments.alone:
            subprocess.run(bench[:-1], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        yaml = {"validate": True, "schemaStore": {"enable": False}, "schemas": {schema.as_uri(): "**/.gitlab/agents/*/config.yaml"}}
        servers = {
            "over pipes, inventory and jobs": ([kaslint, "lsp"], world, {"kaslint": {}}),
            f"{version(kaslint)} over pipes, the file alone": ([kaslint, "lsp"], alone, {"kaslint": {"tier": "premium"}}),
            other and version(other): ([other, "--stdio"], alone, {"yaml": yaml}),
        }
        servers = {name: server for name, server in servers.items() if name and server[1].exists()}
        # One after the other and again, so that what else the machine does falls on all.
        firsts, keystrokes = {name: [] for name in servers}, {name: [] for name in servers}
        for _ in range(arguments.runs):
            for name, server in servers.items():
                firsts[name].append(first(*server))
                keystrokes[name].append(measure(*server))
        print(f"{'the first diagnostics':48} {'median':>10} {'CPU':>37} {'memory':>11}")
        for name, runs in firsts.items():
            tell_first(name, runs)
        print(f"{'a keystroke':48} {'median':>10} {'95 of 100':>10} {'largest':>10} {'CPU':>12}")
        told = [tell(name, runs) for name, runs in keystrokes.items()]
        for name, (seconds, cpu) in list(zip(keystrokes, told))[:-1] if other else ():
            print(f"{OTHER} takes {told[-1][0] / seconds:.1f} times as long for a keystroke as {name}, and {told[-1][1] / cpu:.1f} times the CPU time")
        print(machine())


if __name__ == "__main__":
    sys.exit(main())
