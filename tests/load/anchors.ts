import type { Range } from "./line.ts";

/**
 * What the reference was measured at on 2026-11-21, on a virtual machine with 2 processors that everything shared:
 * timebertt/kubernetes-controller-sharding at f1d25b3, built with Go 1.26. Absolute numbers are those of that machine.
 */
export const measuredAt = "2026-11-21";

/** A median with the lowest and highest of its runs. */
export function range(median: number, lowest?: number, highest?: number): Range {
  return { median, ...lowest === undefined ? {} : { lowest }, ...highest === undefined ? {} : { highest } };
}

/** From the start of the process to the first 200 of /readyz, and at rest. */
export const coldStart = {
  readyMs: range(41, 38, 57),
  cpuUntilReady: range(0.03),
  residentAtReady: range(45.8, 45.3, 46.4),
  idleCpuPercent: range(0.1, 0.1, 0.13),
  idleResident: range(50.1, 49.5, 51.4),
  stopMs: range(15, 9, 22),
};

/** Direct admission: one row for shards, connections, streams per connection. Latencies in ms, CPU in ms per 1,000. */
export interface AdmissionAnchor {
  readonly shards: number;
  readonly connections: number;
  /** @default 1 */
  readonly streams?: number;
  /** Leases of no ring, as kubelets make them. @default 0 */
  readonly unrelated?: number;
  /** The object has its label already. @default false */
  readonly labelled?: boolean;
  readonly perSecond: Range;
  readonly p50: Range;
  readonly p99: Range;
  readonly cpu: Range;
}

function admissionRow(
  load: Pick<AdmissionAnchor, "shards" | "connections" | "streams" | "unrelated" | "labelled">,
  perSecond: readonly [number, number, number],
  p50: readonly [number, number, number],
  p99: readonly [number, number, number],
  cpu: readonly [number, number, number],
): AdmissionAnchor {
  return { ...load, perSecond: range(...perSecond), p50: range(...p50), p99: range(...p99), cpu: range(...cpu) };
}

export const admission: readonly AdmissionAnchor[] = [
  admissionRow({ shards: 3, connections: 1 }, [3145, 2922, 3196], [0.28, 0.27, 0.29], [1, 0.9, 1.1], [316, 308, 339]),
  admissionRow({ shards: 3, connections: 16 }, [8098, 7491, 8218], [1.58, 1.57, 1.73], [6.2, 6, 6.7], [185, 184, 205]),
  admissionRow({ shards: 3, connections: 64 }, [8818, 8485, 8891], [6.53, 6.4, 6.67], [18.1, 17.7, 19.6], [
    180,
    179,
    184,
  ]),
  admissionRow({ shards: 10, connections: 1 }, [2329, 2315, 2454], [0.35, 0.34, 0.36], [2.1, 2, 2.1], [438, 426, 454]),
  admissionRow({ shards: 10, connections: 16 }, [5097, 4805, 5162], [2.67, 2.65, 2.85], [8.9, 8.8, 9.7], [
    318,
    316,
    344,
  ]),
  admissionRow({ shards: 10, connections: 64 }, [4905, 4845, 5007], [12.27, 11.84, 12.52], [35.3, 34.5, 36.6], [
    341,
    334,
    342,
  ]),
  admissionRow({ shards: 50, connections: 1 }, [937, 905, 970], [0.85, 0.82, 0.88], [3.8, 3.7, 4], [1219, 1173, 1260]),
  admissionRow({ shards: 50, connections: 16 }, [1854, 1802, 1859], [8.16, 8.15, 8.37], [21.2, 20.9, 21.8], [
    971,
    963,
    996,
  ]),
  admissionRow({ shards: 50, connections: 64 }, [1758, 1750, 1827], [32.12, 31.87, 32.86], [110, 108.3, 118.8], [
    1022,
    988,
    1023,
  ]),
  admissionRow({ shards: 100, connections: 1 }, [560, 543, 578], [1.45, 1.41, 1.48], [4.8, 4.7, 5.4], [
    2082,
    2014,
    2153,
  ]),
  admissionRow({ shards: 100, connections: 16 }, [1043, 1030, 1059], [14.28, 14.2, 14.39], [38.5, 37.9, 40.5], [
    1763,
    1751,
    1785,
  ]),
  admissionRow({ shards: 100, connections: 64 }, [1051, 990, 1077], [56.05, 52.52, 58.95], [183.6, 172.5, 184.5], [
    1768,
    1716,
    1882,
  ]),
  admissionRow({ shards: 10, connections: 16, labelled: true }, [11501, 11277, 12065], [1.14, 1.08, 1.15], [
    4.6,
    4.4,
    4.8,
  ], [125, 119, 129]),
  admissionRow(
    { shards: 10, connections: 1, streams: 64 },
    [6226, 5701, 6243],
    [10.54, 10.46, 11.2],
    [19.4, 19, 22.6],
    [282, 282, 305],
  ),
  admissionRow({ shards: 10, connections: 16, unrelated: 5000 }, [3046, 3023, 3099], [4.47, 4.43, 4.56], [
    15.1,
    14.5,
    15.5,
  ], [567, 563, 580]),
  admissionRow({ shards: 10, connections: 64, unrelated: 5000 }, [3022, 3021, 3084], [20.17, 19.66, 20.29], [
    52.9,
    51.5,
    54.7,
  ], [579, 572, 581]),
];

/** Creation of 5,000 Secrets through the API server at concurrency 20, and of 500 one after the other. */
export const creation = {
  plain: { perSecond: range(1568, 1540, 1591), p50: range(11.2, 11.2, 11.5), p99: range(33.7, 33.6, 34.7) },
  webhook: { perSecond: range(972, 919, 1049), p50: range(19.1, 17.5, 20.2), p99: range(50.5, 42.5, 52.5) },
  webhookCpu: range(342, 318, 370),
  plainSingle: { perSecond: range(614, 600, 633), p50: range(1.38, 1.35, 1.43), p99: range(5.5, 4.2, 5.6) },
  webhookSingle: { perSecond: range(416, 371, 446), p50: range(2.11, 2.05, 2.37), p99: range(9, 5.6, 10.2) },
  failOpen: { perSecond: range(1262), p50: range(13.3), p99: range(63.9) },
};

/** With a quota of 20 ms of CPU per 100 ms, and 10 shards. */
export const limited = {
  single: {
    perSecond: range(437, 376, 438),
    p50: range(0.36, 0.36, 0.4),
    p99: range(82.6, 82.4, 82.9),
    cpu: range(457, 457, 525),
  },
  sixteen: {
    perSecond: range(527, 487, 584),
    p50: range(3.18, 3.01, 3.95),
    p99: range(99.1, 98.6, 100.4),
    cpu: range(380, 342, 410),
  },
};
