import type { ScreenState } from "../../../commands/ring_view/mod.ts";
import { type ObjectMove, ringReport, type ShardedObject } from "../../../lib/rings/report/mod.ts";
import { RingView, type ShardEntry } from "../../../lib/sharding/ring_view.ts";
import { checksumRing, configMap, secret } from "../../lib/rings/report/objects.ts";
import { entryOf } from "../../lib/sharding/views.ts";

const pod = (suffix: string): string => `checksum-controller-c95c4fdb6-${suffix}`;
const [first, second, third] = [pod("7jb2v"), pod("hv8pb"), pod("rtvrm")];
const at = Date.UTC(2026, 10, 21, 14, 3, 7);

const ready = {
  type: "Ready",
  status: "True",
  reason: "ReconciliationSucceeded",
  message: "ControllerRing was successfully reconciled",
  lastTransitionTime: "2026-11-21T14:00:00Z",
};

const hints = [
  "export KUBECONFIG=/tmp/demo/kubeconfig",
  "kubectl create secret generic foo --from-literal foo=bar",
  "kubectl scale deployment checksum-controller --replicas 2",
];

/** So many Secrets, each with its ConfigMap, spread over the shards; the n-th draining. */
function families(count: number, shards: readonly string[], draining = -1): ShardedObject[] {
  return Array.from({ length: count }, (_, i) => i).flatMap((i) => {
    const shard = shards[(i * i) % shards.length] ?? "";
    return [secret(`foo${i}`, shard, i === draining), configMap(`checksums-foo${i}`, `foo${i}`, shard)];
  });
}

function state(
  shards: readonly ShardEntry[],
  objects: readonly ShardedObject[],
  more: Partial<ScreenState> = {},
  conditions = [ready],
): ScreenState {
  const ring = { ...checksumRing, status: { shards: 0, availableShards: 0, conditions } };
  const report = ringReport({ ring, view: new RingView("ring", shards), objects });
  return {
    report: { ...report, ring: "checksum-controller" },
    silences: new Map(),
    moves: [],
    events: [],
    hints,
    footer: "Ctrl-C ends the demo and removes everything",
    ...more,
  };
}

const moved = secret("foo4", third);
const moves: readonly ObjectMove[] = [
  { kind: "assigned", object: secret("foo0", first), from: "", to: first, drained: false, at },
  { kind: "draining", object: secret("foo4", second, true), from: second, to: second, drained: false, at: at + 900 },
  { kind: "moved", object: moved, from: second, to: third, drained: true, at: at + 1_000 },
  {
    kind: "moved",
    object: configMap("checksums-foo4", "foo4", third),
    from: second,
    to: third,
    drained: false,
    at: at + 1_100,
  },
  { kind: "withdrawn", object: secret("foo5", first), from: first, to: first, drained: true, at: at + 2_000 },
  { kind: "released", object: secret("foo6"), from: first, to: "", drained: true, at: at + 3_000 },
  { kind: "deleted", object: secret("foo7", first), from: first, to: "", drained: false, at: at + 4_000 },
];

/** States of a ring, by what is to be seen in them. */
export const states: Readonly<Record<string, ScreenState>> = {
  "settled": state(
    [entryOf(first, "ready"), entryOf(second, "ready"), entryOf(third, "ready")],
    families(13, [first, second, third]),
  ),
  "moving": state(
    [entryOf(first, "ready"), entryOf(second, "ready"), entryOf(third, "ready")],
    families(13, [first, second], 4),
    { moves, events: [{ at, type: "Normal", reason: "ShardJoined", note: `shard ${third} joined` }] },
  ),
  "crashed": state(
    [entryOf(first, "ready"), entryOf(second, "expired"), entryOf(third, "dead")],
    families(7, [first, second, third]),
    { silences: new Map([[second, 16_400]]) },
  ),
  "empty": state([], []),
  "in trouble": state(
    [entryOf(first, "ready"), entryOf(first, "ready", "other"), entryOf("x".repeat(64), "ready")],
    [secret("foo"), secret("bar", "nobody")],
    {},
    [{ ...ready, status: "False", message: "Error listing Leases" }],
  ),
  "crowded": state(
    Array.from({ length: 40 }, (_, i) => entryOf(`shard-${String(i).padStart(2, "0")}`, "ready")),
    families(900, Array.from({ length: 40 }, (_, i) => `shard-${String(i).padStart(2, "0")}`)),
    { moves },
  ),
};
