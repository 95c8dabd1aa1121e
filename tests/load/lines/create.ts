import { creation } from "../anchors.ts";
import type { Creation } from "../create.ts";
import type { Figure, Line, LoadContext, Range, Sample } from "../line.ts";
import { labelOf } from "../label_of.ts";
import type { LoadCluster } from "../load_cluster.ts";
import { cpuMeter } from "../process_stats.ts";
import { shardLabel } from "../../../lib/sharding/names.ts";

/** Namespace that the ring does not select: creations there do not come by the webhook. */
const plainNamespace = "not-selected";

type Anchor = Readonly<Record<"perSecond" | "p50" | "p99", Range>>;

const single = 1;
const many = 20;

/** Objects are created through the API server. */
export const createLine: Line = {
  name: "create",
  measures: "creation of Secrets through the API server with and without the webhook, and with a dead webhook",
  figures: [
    ...figuresOf("plain", many, "without webhook", creation.plain),
    ...figuresOf("webhook", many, "with webhook", creation.webhook),
    {
      id: "create/cpu",
      what: "sharder CPU per 1,000 creates, concurrency 20",
      unit: "ms",
      better: "less",
      reference: creation.webhookCpu,
    },
    {
      id: "create/ratio",
      what: "creates with webhook by those without, concurrency 20",
      unit: "",
      better: "more",
      reference: { median: 0.62 },
      target: { least: 0.8 },
    },
    ...figuresOf("plain", single, "without webhook", creation.plainSingle),
    ...figuresOf("webhook", single, "with webhook", creation.webhookSingle),
    ...figuresOf("dead", many, "webhook killed (fail open)", creation.failOpen),
  ],
  run,
};

function figuresOf(id: string, concurrency: number, what: string, anchor: Anchor): Figure[] {
  const of = `${what}, concurrency ${concurrency}`;
  const prefix = `create/${id}${concurrency}`;
  const isTarget = id === "webhook" && concurrency === many;
  return [
    {
      id: `${prefix}/perSecond`,
      what: `creates ${of}`,
      unit: "1/s",
      better: "more",
      reference: anchor.perSecond,
      ...isTarget ? { target: { least: 1_250 } } : {},
    },
    { id: `${prefix}/p50`, what: `create p50 ${of}`, unit: "ms", better: "less", reference: anchor.p50 },
    { id: `${prefix}/p99`, what: `create p99 ${of}`, unit: "ms", better: "less", reference: anchor.p99 },
  ];
}

async function* run(context: LoadContext, signal: AbortSignal): AsyncGenerator<Sample> {
  const { runs, quick, note } = context;
  const counts = { [many]: quick ? 500 : 5_000, [single]: quick ? 50 : 500 };
  await using cluster = await context.startCluster();
  await cluster.kubectl("create", "namespace", plainNamespace);
  await cluster.createFakeShards(["shard-0", "shard-1", "shard-2"]);
  const { process } = await cluster.startSharder();
  await cluster.whenAvailable(3, signal);
  await cluster.whenAssigning(signal);
  const create = new Creator(cluster, note, signal);
  // The API server's first thousand requests are slower than all others.
  await create.secrets("plain", counts[many], many);
  for (let run = 0; run < runs; run++) {
    for (const concurrency of [many, single] as const) {
      const count = counts[concurrency];
      const plain = await create.secrets("plain", count, concurrency);
      yield* samplesOf("plain", concurrency, plain);
      const used = await cpuMeter(process.pid);
      const webhook = await create.secrets("webhook", count, concurrency);
      yield* samplesOf("webhook", concurrency, webhook);
      if (concurrency === single) continue;
      yield { id: "create/cpu", value: 1e6 * await used() / count };
      yield { id: "create/ratio", value: webhook.perSecond / plain.perSecond };
    }
  }
  await process.kill();
  for (let run = 0; run < runs; run++) {
    yield* samplesOf("dead", many, await create.secrets("dead", counts[single], many));
  }
}

/** Creates Secrets under names of their own, and checks that they are assigned, or are not. */
class Creator {
  readonly #cluster: LoadCluster;
  readonly #note: (text: string) => void;
  readonly #signal: AbortSignal;
  #rounds = 0;

  constructor(cluster: LoadCluster, note: (text: string) => void, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#note = note;
    this.#signal = signal;
  }

  async secrets(how: "plain" | "webhook" | "dead", count: number, concurrency: number): Promise<Creation> {
    const namespace = how === "plain" ? plainNamespace : "default";
    const prefix = `${how}-${this.#rounds++}`;
    const signal = this.#signal;
    const created = await this.#cluster.createSecrets({ namespace, prefix, count, concurrency, signal });
    const assigned = await this.#isAssigned(`/api/v1/namespaces/${namespace}/secrets/${prefix}-${count - 1}`);
    if (assigned !== (how === "webhook")) throw new Error(`Secrets ${prefix} are ${assigned ? "" : "not "}assigned`);
    const { perSecond, p50, p99 } = created;
    this.#note(
      `  ${how} x${concurrency}: ${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
    return created;
  }

  async #isAssigned(path: string): Promise<boolean> {
    const { client, ring } = this.#cluster;
    const secret = await client.performRequest({ method: "GET", path, expectJson: true });
    return labelOf(secret, shardLabel(ring)) !== undefined;
  }
}

function samplesOf(how: string, concurrency: number, { perSecond, p50, p99 }: Creation): Sample[] {
  const prefix = `create/${how}${concurrency}`;
  return Object.entries({ perSecond, p50, p99 }).map(([key, value]) => ({ id: `${prefix}/${key}`, value }));
}
