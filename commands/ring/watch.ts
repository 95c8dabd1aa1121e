import { type ControllerRing, controllerRings } from "../../lib/sharding/ring_types.ts";
import type { RingReport } from "../../lib/rings/report/mod.ts";
import { sleep } from "../../lib/util/clock/mod.ts";
import { liveView } from "../live_ring/live_view.ts";
import { RingWatch } from "../live_ring/ring_watch.ts";
import { glyphsFor, printLine, shardTable, timeOfDay } from "../ring_view/mod.ts";
import { type RingCommandContext, widthFor } from "./context.ts";
import { isData } from "./output.ts";
import { findNamespaceSelector } from "./read_ring.ts";
import { troublesOf } from "./ring_data.ts";

/** Without a terminal the ring is printed again at most so often, in milliseconds. */
const calm = 1_000;

/**
 * Shows a ring until the signal aborts, and each move as it happens. Unlike all other commands it keeps a record of each
 * object, some hundred bytes.
 */
export async function watchRing(context: RingCommandContext, ring: ControllerRing): Promise<number> {
  const { client, parts, terminal, output, signal } = context;
  const { clock, random } = parts;
  const defaultNamespaceSelector = await findNamespaceSelector(context, ring);
  // A cluster has far too many events to read all of them.
  const eventSelector = `regarding.kind=${controllerRings.kind},regarding.name=${ring.metadata.name}`;
  const watch = new RingWatch({ ring, client, clock, random, defaultNamespaceSelector, eventSelector });
  const done = new AbortController();
  const running = watch.run(AbortSignal.any([signal, done.signal]));
  try {
    const shown = (async (): Promise<void> => {
      await watch.whenReady(signal);
      if (terminal === undefined || isData(output)) return await printChanges(context, watch);
      const footer = `Ctrl-C ends the view; "ring status ${ring.metadata.name}" prints it once`;
      await liveView({ watch, terminal, clock, hints: () => [], footer }, signal);
    })();
    shown.catch(() => undefined); // The watch may fail first.
    await Promise.race([shown, running.then(() => shown)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    done.abort();
    await running.catch(() => undefined); // Its failure has been thrown above.
  }
  const { report } = watch;
  return report !== undefined && troublesOf(ring, report).length === 0 ? 0 : 1;
}

/** For a file or another program: the whole ring each time that something has changed. */
async function printChanges({ parts, signal, ...context }: RingCommandContext, watch: RingWatch): Promise<void> {
  const { clock, stdout, env } = parts;
  let last = "";
  while (!signal.aborted) {
    const { changed, report } = watch;
    const text = report === undefined
      ? ""
      : isData(context.output)
      ? `${JSON.stringify(report)}\n`
      : tableOf(report, { width: widthFor({ parts, signal, ...context }), env });
    if (text !== "" && text !== last) {
      const head = isData(context.output) ? "" : `${timeOfDay(clock.now(), 0)} UTC\n`;
      stdout(head + text);
      last = text;
    }
    const waiting = new AbortController();
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true, signal: waiting.signal });
    });
    await Promise.race([changed, ended]);
    waiting.abort();
    await sleep(clock, calm, signal).catch(() => undefined);
  }
}

function tableOf(
  report: RingReport,
  { width, env }: { readonly width: number; readonly env: (name: string) => string | undefined },
): string {
  const lines = shardTable(report, { width, height: Infinity, glyphs: glyphsFor(env), silences: new Map() });
  return `${lines.map((line) => printLine(line, false)).join("\n")}\n\n`;
}
