import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import type { RingReport } from "../../lib/rings/report/mod.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import type { ControllerRing } from "../../lib/sharding/ring_types.ts";
import { formatDuration } from "../../lib/util/duration.ts";
import { glyphsFor, type Line, printLine, ringScreen, textOf } from "../ring_view/mod.ts";
import { type RingCommandContext, widthFor } from "./context.ts";
import { findRing, listRings } from "./find_ring.ts";
import { formatData, formatTable, isData } from "./output.ts";
import { readRing, type RingReading } from "./read_ring.ts";
import { countObjects, type RingData, ringData } from "./ring_data.ts";
import { watchRing } from "./watch.ts";

/** Shows one ring, or all of them in a few words. */
export async function status(
  context: RingCommandContext,
  name: string | undefined,
  options: { readonly watch: boolean },
): Promise<number> {
  if (name === undefined) return await showAll(context);
  const ring = await findRing(context, name);
  if (options.watch) return await watchRing(context, ring);
  const { output, parts, signal } = context;
  const reading = await readRing(context, ring);
  const report = await countObjects(reading, signal);
  const data = ringData(reading, report);
  parts.stdout(isData(output) ? formatData(data, output) : picture(context, reading, report, data));
  return data.healthy ? 0 : 1;
}

/** The view of the demo, without what only who watches can know. */
function picture(context: RingCommandContext, reading: RingReading, report: RingReport, data: RingData): string {
  const { parts, output, terminal } = context;
  const lines = ringScreen(
    { report, silences: new Map(), moves: [], events: [], hints: [], footer: "" },
    {
      width: widthFor(context),
      height: Infinity,
      glyphs: terminal?.glyphs ?? glyphsFor(parts.env),
      utcOffset: 0,
    },
  );
  // Long ones take several lines there.
  const shown = lines.map(textOf).join(" ");
  const troubles = data.troubles.filter((trouble) => !shown.includes(trouble));
  return [
    printAll(lines, terminal?.colour ?? false),
    brakesText(reading.ring, report),
    output === "wide" ? `\n${wideTables(data, parts.clock.now())}` : "",
    ...troubles.map((trouble) => `! ${trouble}\n`),
  ].join("");
}

function printAll(lines: readonly Line[], colour: boolean): string {
  const text = lines.map((line) => printLine(line, colour)).join("\n");
  return `${text.trimEnd()}\n`;
}

/** The sharder reports a pause as a condition, when it has seen it. */
function brakesText(ring: ControllerRing, { conditions }: RingReport): string {
  const { movesPerSecond } = brakesOf(ring);
  const paused = brakesOf(ring).paused && !conditions.some(({ type }) => type === "Paused");
  const limit = movesPerSecond === undefined ? "" : `At most ${movesPerSecond} moves per second.\n`;
  const { name } = ring.metadata;
  return (paused ? `Paused: nothing moves between live shards until "ring resume ${name}".\n` : "") + limit;
}

function wideTables(data: RingData, now: number): string {
  const shards = data.shards.map((shard) => [
    shard.name,
    shard.namespace === "" ? "-" : shard.namespace,
    shard.state,
    shard.sharderState === "" ? "-" : shard.sharderState,
    shard.lastRenewal === "" ? "-" : ago(now - Date.parse(shard.lastRenewal)),
    shard.pendingDrains,
    ...data.resources.map(({ resource }) => shard.objectsOf[resource] ?? 0),
  ]);
  const resources = data.resources.map((each) => [
    each.resource,
    each.role,
    each.objects,
    each.withoutOwner,
    each.pendingDrains,
    each.outside,
  ]);
  const names = data.resources.map(({ resource }) => resource.toUpperCase());
  return formatTable(["SHARD", "NAMESPACE", "STATE", "SHARDER SAYS", "RENEWED", "DRAINS", ...names], shards) + "\n" +
    formatTable(["RESOURCE", "ROLE", "OBJECTS", "WITHOUT OWNER", "DRAINS", "WITHOUT CONTROLLER"], resources);
}

function ago(ms: number): string {
  return ms < 0 ? "in the future" : `${formatDuration(Math.round(ms / 1_000) * 1_000)} ago`;
}

/** All rings as their status says, without a look at their objects. */
async function showAll(context: RingCommandContext): Promise<number> {
  const { parts, output } = context;
  const rings = (await listRings(context)).map((ring) => ({
    ring: ring.metadata.name,
    ready: ring.status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown",
    shardsAvailable: ring.status?.availableShards ?? 0,
    shardsTotal: ring.status?.shards ?? 0,
    paused: brakesOf(ring).paused,
    resources: (ring.spec?.resources ?? []).flatMap((main) => [
      formatGroupResource(main),
      ...(main.controlledResources ?? []).map(formatGroupResource),
    ]),
  }));
  if (isData(output)) parts.stdout(formatData(rings, output));
  else if (rings.length === 0) parts.stdout("There are no ControllerRings.\n");
  else {
    const rows = rings.map(({ ring, ready, shardsAvailable, shardsTotal, paused, resources }) => [
      ring,
      ready,
      shardsAvailable,
      shardsTotal,
      paused ? "yes" : "no",
      resources.join(","),
    ]);
    parts.stdout(formatTable(["RING", "READY", "AVAILABLE", "SHARDS", "PAUSED", "RESOURCES"], rows));
  }
  return rings.every(({ ready, shardsAvailable }) => ready === "True" && shardsAvailable > 0) ? 0 : 1;
}
