/**
 * A shard for chaos and soak: the worker of the simulation as a process of its own, which writes on standard output
 * when each write for an object began and ended. Started by tests/chaos; standard error has the library's log.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import * as sharding from "../../mod.ts";
import { setUpWorker } from "../simulation/worker.ts";
import { sharedTime } from "./support/monotonic.ts";
import { standingClock } from "./support/standing_clock.ts";
import { formatWriteLine } from "./support/write_log.ts";
import { WritingClient } from "./support/writing_client.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    name: { type: "string", default: "" },
    ring: { type: "string", default: "" },
    namespace: { type: "string", default: "default" },
    kubeconfig: { type: "string", default: "" },
    lease: { type: "string", default: "15000" },
    deadline: { type: "string", default: "10000" },
    retry: { type: "string", default: "2000" },
    heap: { type: "boolean", default: false },
    "standing-clock": { type: "boolean", default: false },
  },
});
const { name: shard, ring, namespace, kubeconfig } = values;
const { systemRandom: random, denoHost: host } = sharding;
const clock = values["standing-clock"] ? standingClock() : sharding.systemClock;

/** Between two lines about the heap, in milliseconds. */
const heapPeriod = 10_000;

await sharding.configureLogging({
  format: "text",
  level: "debug",
  clock,
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
});
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());
const config = await sharding.loadClusterAccess({ host, clock, flags: { kubeconfig } });
try {
  await sharding.runShard({
    ring,
    shardName: shard,
    leaseNamespace: namespace,
    namespace,
    userAgent: "chaos",
    timing: {
      leaseDuration: Number(values.lease),
      renewDeadline: Number(values.deadline),
      retryPeriod: Number(values.retry),
    },
    clock,
    random,
    connect: ({ purpose, userAgent }) => {
      const client = sharding.createRestClient({ config, clock, random, userAgent });
      if (purpose === "lease") return client;
      return new WritingClient(client, (line) => print(formatWriteLine({ at: sharedTime(), shard, ...line })));
    },
    setUp: (parts) => {
      setUpWorker(parts);
      if (values.heap) parts.add({ name: "heap", run: reportHeap }, "always");
    },
  }, stop.signal);
} catch (error) {
  print(`stopping: ${sharding.describeError(error)}`);
  Deno.exit(1);
}
// What is left of connections must not keep the process alive.
Deno.exit(0);

function reportHeap(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => print(`heap ${process.memoryUsage().heapUsed}`), heapPeriod);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      resolve();
    }, { once: true });
  });
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
