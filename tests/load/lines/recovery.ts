import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { freePorts } from "../../controlplane/ports.ts";
import { eventually } from "../../controlplane/processes.ts";
import type { Line, LoadContext, Sample } from "../line.ts";
import type { LoadCluster, Sharder } from "../load_cluster.ts";
import { Tracker } from "../passes/tracker.ts";

const shards = ["s-1", "s-2", "s-3"];

/** How long to wait for what took the reference 250 s, in milliseconds. */
const patience = 300_000;

/** Time between two looks at the leader's Lease, in milliseconds. */
const lookInterval = 20;

/** What was created while nobody could assign it. */
export const recoveryLine: Line = {
  name: "recovery",
  measures: "Secrets created while the webhook or the only sharder is away",
  figures: [
    {
      id: "webhook/assigned",
      what: "webhook unreachable, sharder running: last Secret assigned after its creation",
      unit: "s",
      better: "less",
      reference: { median: 249.8 },
      target: { most: 2 },
    },
    {
      id: "kill/assigned",
      what: "sharder killed: all assigned after its restart",
      unit: "s",
      better: "less",
      reference: { median: 16.7, lowest: 16, highest: 17.2 },
    },
    {
      id: "kill/leading",
      what: "sharder killed: all assigned after it leads again",
      unit: "s",
      better: "less",
      target: { most: 2 },
    },
    {
      id: "stop/assigned",
      what: "sharder stopped in order: all assigned after its restart",
      unit: "s",
      better: "less",
      reference: { median: 0.75, lowest: 0.7, highest: 0.8 },
    },
    { id: "stop/leading", what: "sharder stopped in order: all assigned after it leads again", unit: "s" },
    { id: "stop/exit", what: "from SIGTERM to the end of the sharder", unit: "s" },
  ],

  async *run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
    for (let run = 0; run < context.runs; run++) {
      yield* withoutWebhook(context, signal);
      yield* withoutSharder(context, signal);
    }
  },
};

async function* withoutWebhook(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  // Nobody listens at the address that API servers are told.
  const [nobody = 0] = freePorts(1);
  const [port = 0] = freePorts(1);
  const server = { bindAddress: `127.0.0.1:${port}`, certDir: cluster.folder };
  const caBundle = btoa(await Deno.readTextFile(`${cluster.folder}/tls.crt`));
  const clientConfig = { url: `https://127.0.0.1:${nobody}/`, caBundle };
  await cluster.startSharder({ settings: { webhook: { server, config: { clientConfig } } } });
  await cluster.createFakeShards(shards);
  await cluster.whenAvailable(shards.length, signal);
  await using tracker = await Tracker.start(cluster.client, cluster.ring);
  await sleep(systemClock, 2_000, signal);
  tracker.begin();
  await cluster.createSecrets({ prefix: "missed", count: 50, concurrency: 5, signal });
  await eventually("the tracker has seen all", () => tracker.book.counts().secret === 50);
  const { longestUnassigned } = await tracker.settled(shards, signal, patience);
  yield { id: "webhook/assigned", value: longestUnassigned / 1_000 };
}

async function* withoutSharder(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  await using cluster = await context.startCluster();
  let sharder = await cluster.startSharder();
  await cluster.createFakeShards(shards);
  await cluster.whenAvailable(shards.length, signal);
  await cluster.whenAssigning(signal);
  await using tracker = await Tracker.start(cluster.client, cluster.ring);

  // As after some time of work: a leader that was just elected has renewed its Lease only just now.
  await sleep(systemClock, context.quick ? 0 : 5_000, signal);
  if (!context.quick) {
    await sharder.process.kill();
    sharder = yield* restart(cluster, tracker, "kill", signal);
  }
  const asked = performance.now();
  await sharder.process.stop();
  yield { id: "stop/exit", value: (performance.now() - asked) / 1_000 };
  yield* restart(cluster, tracker, "stop", signal);
}

/** Creates 200 Secrets that nobody assigns, and starts the sharder again. */
async function* restart(
  cluster: LoadCluster,
  tracker: Tracker,
  id: "kill" | "stop",
  signal: AbortSignal,
): AsyncGenerator<Sample, Sharder, undefined> {
  const { secret } = tracker.book.counts();
  await cluster.createSecrets({ prefix: id, count: 200, concurrency: 5, signal });
  await eventually("the tracker has seen all", () => tracker.book.counts().secret === secret + 200);
  const api = new Api(cluster.client, leases, { namespace: systemNamespace });
  const former = (await api.get("sharder")).spec?.holderIdentity ?? "";
  const begin = tracker.begin();
  const sharder = await cluster.startSharder({ wait: false });
  let leads = NaN;
  while (Number.isNaN(leads)) {
    const holder = (await api.get("sharder")).spec?.holderIdentity ?? "";
    if (holder !== "" && holder !== former) leads = performance.now();
    else await sleep(systemClock, lookInterval, signal);
  }
  const { at } = await tracker.settled(shards, signal);
  yield { id: `${id}/assigned`, value: (at - begin) / 1_000 };
  yield { id: `${id}/leading`, value: (at - leads) / 1_000 };
  return sharder;
}
