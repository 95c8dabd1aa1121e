import type { AdmissionAnchor } from "./anchors.ts";
import type { Loaded } from "./h2load.ts";
import type { Figure, Sample, Target } from "./line.ts";

/** A combination that is measured. */
export interface Load extends Pick<AdmissionAnchor, "shards" | "connections" | "streams" | "unrelated" | "labelled"> {
  /** As API servers call webhooks; the reference was measured over HTTP/2 only. @default {false} */
  readonly http1?: boolean;
}

/** What is told of each load, with the targets where there are some. */
const kinds = [
  { key: "perSecond", what: "admissions", unit: "1/s", better: "more", target: (): Target | undefined => undefined },
  { key: "p50", what: "admission p50", unit: "ms", better: "less", target: (): Target | undefined => undefined },
  { key: "p99", what: "admission p99", unit: "ms", better: "less", target: latencyTarget },
  { key: "cpu", what: "admission CPU per 1,000", unit: "ms", better: "less", target: cpuTarget },
] as const;

function latencyTarget({ shards, connections, streams, unrelated, labelled }: Load): Target | undefined {
  const isNamed = connections === 16 && streams === undefined && unrelated === undefined && labelled !== true;
  return isNamed && (shards === 3 || shards === 100) ? { most: 1.5 } : undefined;
}

function cpuTarget({ connections, streams, labelled }: Load): Target | undefined {
  if (streams !== undefined) return { most: 50 };
  return connections === 16 && labelled !== true ? { most: 65 } : undefined;
}

/** The figures of one load, beside those of the reference where it was measured under this load. */
export function figuresOf(load: Load, anchor?: AdmissionAnchor): Figure[] {
  return kinds.map(({ key, what, unit, better, target }) => {
    const goal = target(load);
    return {
      id: idOf(load, key),
      what: `${what}, ${describe(load)}`,
      unit,
      better,
      ...anchor === undefined ? {} : { reference: anchor[key] },
      ...goal === undefined ? {} : { target: goal },
    };
  });
}

/** One measurement as samples of these figures. */
export function samplesOf(load: Load, loaded: Loaded, of: "ours" | "spike"): Sample[] {
  return kinds.map(({ key }) => ({ id: idOf(load, key), value: loaded[key], of }));
}

/** For example `admission/cpu/10x16+5000leases`. */
function idOf({ shards, connections, streams, unrelated, labelled, http1 }: Load, key: string): string {
  const more = [
    streams === undefined ? "" : `x${streams}`,
    unrelated === undefined ? "" : `+${unrelated}leases`,
    labelled === true ? "+labelled" : "",
    http1 === true ? "+http1" : "",
  ];
  return `admission/${key}/${shards}x${connections}${more.join("")}`;
}

/** For people. */
export function describe({ shards, connections, streams, unrelated, labelled, http1 }: Load): string {
  return [
    `${shards} shards`,
    streams === undefined ? `${connections} conn.` : `${connections} conn. x ${streams}`,
    ...unrelated === undefined ? [] : [`${unrelated} Leases`],
    ...labelled === true ? ["labelled"] : [],
    ...http1 === true ? ["HTTP/1.1"] : [],
  ].join(", ");
}
