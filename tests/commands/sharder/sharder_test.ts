import assert from "node:assert/strict";
import type { Cluster, CommandParts } from "../../../commands/common/parts.ts";
import { ShutdownRequest } from "../../../commands/common/shutdown.ts";
import { sharder } from "../../../commands/sharder/mod.ts";
import { ApiServer, type Fault, faults } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import { KubeconfigError } from "../../../lib/k8s/kubeconfig/mod.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { namespaces } from "../../../lib/k8s/kinds/core.ts";
import { type ControllerRing, controllerRings } from "../../../lib/sharding/ring_types.ts";
import type { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { fakeParts } from "../common/fake_parts.ts";

/** Serves nothing, so that the test needs no port. */
const quiet =
  "health: { bindAddress: '0' }\nmetrics: { bindAddress: '0' }\nwebhook: { server: { bindAddress: '0' } }\n";

/** A run of the command against an API server in memory. */
interface Run {
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly lines: () => string[];
  readonly exitCode: () => number | undefined;
  /** Stops it and gives its exit code. */
  readonly stop: () => Promise<number | undefined>;
  fault: (request: RequestOptions) => Fault;
}

async function run(args: readonly string[], overrides: Partial<CommandParts> = {}): Promise<Run> {
  const stop = new AbortController();
  let exitCode: number | undefined;
  const findCluster = (): Promise<Cluster> =>
    Promise.resolve({
      description: "https://test:6443 (a test)",
      namespace: "default",
      open: ({ userAgent }) => {
        const breaking = faults(clock, (request) => running.fault(request));
        return server.client({
          userAgent,
          intercept: (request, next) =>
            breaking(request, (passed) => passed.path === "/version" ? Promise.resolve({ major: "1" }) : next(passed)),
        });
      },
    });
  const { parts, output, clock } = fakeParts({
    findCluster,
    readTextFile: (path) => Promise.resolve(path === "sharder.yaml" ? quiet : undefined),
    ...overrides,
  });
  const server = new ApiServer({ clock, random: seededRandom(3) });
  await new Api(server.client(), namespaces).create({ metadata: { name: "sharding-system" } });
  const running: Run = {
    clock,
    server,
    lines: () => output.stderr.split("\n").filter((line) => line !== ""),
    exitCode: () => exitCode,
    stop: async () => {
      stop.abort(new ShutdownRequest("asked to shut down"));
      await clock.advanceUntil(() => exitCode !== undefined, 60_000);
      server.close();
      return exitCode;
    },
    fault: () => ({ type: "none" }),
  };
  void sharder(args, parts, stop.signal).then((code) => exitCode = code);
  return running;
}

/** Runs the command with a configuration that does not do, and gives the one line that it prints. */
async function complaintAbout(text: string | undefined, overrides: Partial<CommandParts> = {}): Promise<string> {
  const started = await run(["--config=sharder.yaml"], { readTextFile: () => Promise.resolve(text), ...overrides });
  await started.clock.advanceUntil(() => started.exitCode() !== undefined, 1_000);
  assert.equal(started.exitCode(), 1);
  const [line = "", ...others] = started.lines();
  assert.deepEqual(others, []);
  assert.doesNotMatch(line, /stack|\.ts:\d/);
  return line;
}

const ringApi = ({ server }: Run): Api<ControllerRing> => new Api(server.client(), controllerRings);

async function isRingReady(started: Run): Promise<boolean> {
  const { status } = await ringApi(started).get("ring");
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

Deno.test("the sharder makes rings ready until it is asked to stop, and gives its Lease back", async () => {
  const started = await run(["--config=sharder.yaml"]);
  await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
  await started.clock.advanceUntil(() => isRingReady(started), 5_000);
  const lease = new Api(started.server.client(), leases, { namespace: "sharding-system" });
  assert.match((await lease.get("sharder")).spec?.holderIdentity ?? "", /^test-host_\w{10}$/);
  assert.equal(await started.stop(), 0);
  assert.equal((await lease.get("sharder")).spec?.holderIdentity, "");
});

Deno.test("the leader's Lease is the reference's: name, duration and pace", async () => {
  const started = await run(["--config=sharder.yaml"]);
  const lease = new Api(started.server.client(), leases, { namespace: "sharding-system" });
  await started.clock.advanceUntil(async () => await lease.find("sharder") !== undefined, 5_000);
  const first = await lease.get("sharder");
  assert.equal(first.spec?.leaseDurationSeconds, 15);
  assert.equal(first.spec?.leaseTransitions, 0);
  await started.clock.advance(60_000);
  const renewed = await lease.get("sharder");
  const pace = Date.parse(renewed.spec?.renewTime ?? "") - Date.parse(first.spec?.renewTime ?? "");
  assert.ok(pace >= 57_500 && pace <= 60_000, `the last renewal was ${pace} ms after the first`);
  assert.equal(await started.stop(), 0);
});

Deno.test({
  name: 'address "0" turns a listener off, and each of them is there without it',
  permissions: { net: false, env: true, read: true, sys: true },
  fn: async () => {
    const started = await run(["--config=sharder.yaml"]);
    await started.clock.advance(30_000);
    assert.equal(started.exitCode(), undefined, started.lines().join("\n"));
    assert.equal(await started.stop(), 0);
    for (const name of ["health", "metrics"]) {
      const others = quiet.split("\n").filter((line) => !line.startsWith(name));
      const text = ["debugging: { enableProfiling: false }", ...others].join("\n");
      const readTextFile = (path: string): Promise<string | undefined> =>
        Promise.resolve(path === "sharder.yaml" ? text : undefined);
      const listening = await run(["--config=sharder.yaml"], { readTextFile });
      await listening.clock.advanceUntil(() => listening.exitCode() !== undefined, 60_000);
      assert.equal(listening.exitCode(), 1);
      assert.match(listening.lines().at(-1) ?? "", new RegExp(`${name}.*(listen|net access)`), name);
      listening.server.close();
    }
  },
});

Deno.test("a missing configuration file is named", async () => {
  assert.match(await complaintAbout(undefined), /there is no file sharder\.yaml: check --config/);
});

Deno.test("a configuration that is no YAML is named with the place", async () => {
  assert.match(await complaintAbout("a: b: c"), /sharder\.yaml is no YAML: .*line 1/);
});

Deno.test("all problems of a configuration come in one line, each with its field", async () => {
  const line = await complaintAbout(
    "leaderElection: { leaseDuration: soon }\ncontroller: { sharder: { concurrentMoves: -1 } }",
  );
  assert.match(line, /leaderElection\.leaseDuration/);
  assert.match(line, /controller\.sharder\.concurrentMoves/);
});

Deno.test("fields that do not exist are warned of, and the sharder goes on", async () => {
  const readTextFile = (): Promise<string> => Promise.resolve(`${quiet}controler: {}\n`);
  const started = await run(["--config=sharder.yaml"], { readTextFile });
  await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
  await started.clock.advanceUntil(() => isRingReady(started), 5_000);
  assert.ok(started.lines().some((line) => line.includes("in the configuration") && line.includes("controler")));
  assert.equal(await started.stop(), 0);
});

Deno.test("LEADER_ELECT overrides the file in both directions", async () => {
  for (
    const [value, inFile, elects] of [["false", "true", false], ["1", "false", true], ["", "false", false]] as const
  ) {
    const readTextFile = (): Promise<string> => Promise.resolve(`${quiet}leaderElection: { leaderElect: ${inFile} }\n`);
    const env = (name: string): string | undefined => name === "LEADER_ELECT" ? value : undefined;
    const started = await run(["--config=sharder.yaml"], { readTextFile, env });
    await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
    await started.clock.advanceUntil(() => isRingReady(started), 5_000);
    const lease = new Api(started.server.client(), leases, { namespace: "sharding-system" });
    assert.equal(await lease.find("sharder") !== undefined, elects, `LEADER_ELECT=${value}, ${inFile} in the file`);
    assert.equal(await started.stop(), 0);
  }
});

Deno.test("a LEADER_ELECT that is no boolean is refused", async () => {
  const env = (name: string): string | undefined => name === "LEADER_ELECT" ? "maybe" : undefined;
  assert.match(await complaintAbout(quiet, { env }), /environment variable LEADER_ELECT: must be true or false/);
});

Deno.test("an unusable kubeconfig is one line", async () => {
  const findCluster = (): Promise<Cluster> => Promise.reject(new KubeconfigError("kubeconfig /x: no such context"));
  const started = await run([], { findCluster });
  await started.clock.advanceUntil(() => started.exitCode() !== undefined, 1_000);
  assert.equal(started.exitCode(), 1);
  assert.equal(started.lines().length, 1);
  assert.match(started.lines()[0] ?? "", /kubeconfig \/x: no such context/);
});

Deno.test("an unexpected failure is told with its stack", async () => {
  const findCluster = (): Promise<Cluster> => Promise.reject(new TypeError("a mistake"));
  const started = await run([], { findCluster });
  await started.clock.advanceUntil(() => started.exitCode() !== undefined, 1_000);
  assert.equal(started.exitCode(), 1);
  assert.match(started.lines()[0] ?? "", /a mistake.*stack/);
});

Deno.test("an API server that cannot be reached is one clear line, and is tried again until it can", async () => {
  const started = await run(["--config=sharder.yaml"]);
  started.fault = () => ({ type: "refused" });
  await started.clock.advance(60_000);
  const waiting = started.lines().filter((line) => line.includes("waiting for the API server"));
  assert.equal(waiting.length, 1);
  assert.match(waiting[0] ?? "", /https:\/\/test:6443.*connection refused/);
  assert.ok(started.lines().every((line) => !line.includes("stack")));
  started.fault = () => ({ type: "none" });
  await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
  await started.clock.advanceUntil(() => isRingReady(started), 30_000);
  assert.ok(started.lines().some((line) => line.includes("the API server answers now")));
  assert.equal(await started.stop(), 0);
});

Deno.test("a signal during the wait for the API server ends the sharder in order", async () => {
  const started = await run(["--config=sharder.yaml"]);
  started.fault = () => ({ type: "refused" });
  await started.clock.advance(5_000);
  assert.equal(await started.stop(), 0);
});

Deno.test("a missing CRD is named, and the sharder works when it comes", async () => {
  const started = await run(["--config=sharder.yaml"]);
  started.fault = ({ path }) =>
    path.includes("/controllerrings") ? { type: "status", code: 404, reason: "NotFound" } : { type: "none" };
  await started.clock.advance(30_000);
  assert.equal(started.exitCode(), undefined);
  const named = started.lines().filter((line) => line.includes("controllerrings.sharding.timebertt.dev"));
  assert.equal(named.length, 1, named.join("\n"));
  assert.match(named[0] ?? "", /install its CRD/);
  started.fault = () => ({ type: "none" });
  await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
  await started.clock.advanceUntil(() => isRingReady(started), 60_000);
  assert.equal(await started.stop(), 0);
});

Deno.test("a leader that cannot renew its Lease ends with code 1 and says so", async () => {
  const started = await run(["--config=sharder.yaml"]);
  await ringApi(started).create({ metadata: { name: "ring" }, spec: {} });
  await started.clock.advanceUntil(() => isRingReady(started), 5_000);
  started.fault = ({ path }) => path.includes("/leases/sharder") ? { type: "refused" } : { type: "none" };
  await started.clock.advanceUntil(() => started.exitCode() !== undefined, 30_000);
  assert.equal(started.exitCode(), 1);
  const last = started.lines().at(-1) ?? "";
  assert.match(last, /stopping.*Lease sharding-system\/sharder of \W+test-host_\w+\W+ was not renewed in time/);
  started.server.close();
});

Deno.test("a wrong command line ends with code 2, and help with 0", async () => {
  for (const [args, code, words] of [[["--confg=x"], 2, "--confg"], [["--help"], 0, ""], [["extra"], 2, ""]] as const) {
    const started = await run(args);
    await started.clock.advanceUntil(() => started.exitCode() !== undefined, 1_000);
    assert.equal(started.exitCode(), code, args.join(" "));
    assert.ok(started.lines().join().includes(words));
  }
});
