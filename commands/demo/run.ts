import { Api } from "../../lib/k8s/api/api.ts";
import type { JSONObject } from "../../lib/k8s/contract.ts";
import { systemNamespace } from "../../lib/sharding/names.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import { deadline } from "../../lib/util/clock/mod.ts";
import type { CommandParts } from "../common/parts.ts";
import { glyphsFor, moveLine, printLine, shortNames } from "../ring_view/mod.ts";
import type { Located } from "./cluster/apply.ts";
import type { DemoCluster } from "./cluster/demo_cluster.ts";
import { install } from "./cluster/install.ts";
import { findKubectl, type Kubectl } from "./kubectl.ts";
import { liveView } from "../live_ring/live_view.ts";
import type { Terminal } from "../live_ring/terminal.ts";
import { commandsToTry, overview } from "./overview.ts";
import { prepare } from "./prepare.ts";
import { Hands } from "./story/hands.ts";
import { storySteps } from "./story/steps/mod.ts";
import { tell, Teller } from "./story/teller.ts";
import { seconds, UnmetError } from "./story/until_met.ts";
import { place, World } from "./story/world.ts";
import { RingWatch } from "../live_ring/ring_watch.ts";

/** What a demo works with. */
export interface RunOptions {
  readonly cluster: DemoCluster;
  readonly parts: CommandParts;
  /** For the live view; undefined: there is none. */
  readonly terminal: Terminal | undefined;
  /** The story to tell; undefined: show the live view. */
  readonly story: "quick" | "full" | undefined;
  /** When the demo began, in monotonic milliseconds. */
  readonly begin: number;
  /** The last lines of the demo's own log. */
  readonly log: () => string;
}

/** The parts of a demo that has begun. */
interface Stage extends RunOptions {
  readonly world: World;
  readonly watch: RingWatch;
}

/** Time to remove everything from a cluster that stays, in milliseconds. */
const cleanUpTimeout = 60_000;

/** Columns of output that goes to no terminal. */
const usualWidth = 110;

/** Installs everything, then tells the story or shows the live view. @returns the exit code */
export async function runDemo(options: RunOptions, signal: AbortSignal): Promise<number> {
  const { cluster, parts } = options;
  const { clock, random } = parts;
  using client = cluster.connect("demo");
  const webhook = cluster.webhook ?? { type: "service" as const };
  const applied: Located[] = [];
  const adapt = (object: JSONObject): JSONObject | undefined => cluster.adapt(object);
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  const running: Promise<unknown>[] = [];
  try {
    await install({ client, clock, webhook, adapt, onApplied: (object) => applied.push(object) }, signal);
    const ring = await new Api(client, controllerRings).get(place.ring, { signal });
    const watch = new RingWatch({ ring, client, clock, random });
    const watching = watch.run(stop);
    const shown = show({ ...options, watch, world: new World(client, watch) }, stop);
    running.push(watching, shown);
    return await Promise.race([shown, cluster.failed, watching.then(() => shown)]);
  } finally {
    done.abort();
    // The failure that counts has won the race above; the terminal is to be given back in any case.
    await Promise.allSettled(running);
    using limit = deadline(clock, cleanUpTimeout, "the removal of what the demo has written");
    await cluster.cleanUp(applied, limit.signal);
  }
}

async function show(stage: Stage, signal: AbortSignal): Promise<number> {
  const { cluster, parts, terminal, story, begin, world, watch } = stage;
  const { clock, stdout, stderr, env } = parts;
  try {
    await watch.whenReady(signal);
    await prepare(world, { clock, changed: () => watch.changed }, signal);
  } catch (error) {
    if (!(error instanceof UnmetError)) throw error;
    stderr(`error: ${error.message}\n\n${await lastWords(stage)}`);
    return 1;
  }
  const kubectl = await findKubectl({ env, flags: cluster.kubectlFlags, cache: `${cluster.folder}/kubectl-cache` });
  const look = {
    width: terminal?.size().width ?? usualWidth,
    glyphs: glyphsFor(env),
    colour: terminal?.colour ?? false,
  };
  stdout(`Ready after ${seconds(clock.monotonic() - begin)}, on ${cluster.description}.\n\n${overview(world, look)}\n`);
  if (story !== undefined) return await tellStory(stage, kubectl, story, signal);
  const hints = (): readonly string[] => [
    ...(kubectl === undefined ? ["# kubectl is not installed; https://kubernetes.io/docs/tasks/tools/ says how"] : []),
    ...(cluster.kubectlSetUp === undefined ? [] : [cluster.kubectlSetUp]),
    ...commandsToTry(world),
  ];
  stdout(`In another terminal:\n${hints().map((hint) => `  ${hint}\n`).join("")}\n`);
  if (terminal !== undefined) {
    await liveView({ watch, terminal, clock, hints, footer: "Ctrl-C ends the demo and removes everything" }, signal);
  }
  stdout("Ending the demo and removing everything ...\n");
  return 0;
}

async function tellStory(
  stage: Stage,
  kubectl: Kubectl | undefined,
  length: "quick" | "full",
  signal: AbortSignal,
): Promise<number> {
  const { cluster, parts, world, watch } = stage;
  const { clock, stdout } = parts;
  const teller = new Teller({ clock, print: stdout, changed: () => watch.changed });
  if (kubectl === undefined) stdout("kubectl is not installed: its commands are done by the same requests.\n");
  const hands = new Hands({ client: world.client, kubectl, teller });
  const webhook = cluster.webhook !== undefined;
  if (!webhook) stdout("The API server cannot reach the webhook: objects get their shard just after their creation.\n");
  const showMoves = (mark: number): void => teller.shows(moveLines(stage, mark));
  const steps = storySteps({ world, hands, clock, length, webhook, showMoves });
  const begin = clock.monotonic();
  const good = await tell({ steps, teller, logs: () => lastWords(stage), print: stdout }, signal);
  const took = seconds(clock.monotonic() - begin);
  stdout(good ? `\nAll ${steps.length} steps were as the guide says (${took}).\n` : `\nThe story failed (${took}).\n`);
  return good ? 0 : 1;
}

/** The moves since a mark, one line each. */
function moveLines({ parts, watch }: Stage, mark: number): string {
  const moves = watch.movesSince(mark);
  const shards = watch.report?.shards.map(({ name }) => name) ?? [];
  const names = shortNames([...shards, ...moves.flatMap(({ from, to }) => [from, to])]);
  const utcOffset = -new Date(parts.clock.now()).getTimezoneOffset();
  const lines = moves.map((move) => moveLine(move, { names, glyphs: glyphsFor(parts.env), utcOffset }));
  return lines.map((line) => printLine(line, false)).join("\n");
}

/** The last lines of all pods' logs, and of the demo's own. */
async function lastWords({ cluster, world, log: ownLog }: Stage): Promise<string> {
  const texts: string[] = [];
  for (const namespace of [systemNamespace, place.namespace]) {
    const { items } = await world.pods.inNamespace(namespace).list();
    for (const { metadata, spec } of items) {
      const log = await cluster.log(namespace, metadata.name, spec.containers[0]?.name ?? "");
      texts.push(`last log lines of ${namespace}/${metadata.name}:\n${indented(log)}\n`);
    }
  }
  return [...texts, `last log lines of the demo:\n${indented(ownLog())}\n`].join("\n");
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ").trimEnd();
}
