import assert from "node:assert/strict";
import type { ContainerState, Pod } from "../../../../../lib/workloads/kinds/mod.ts";
import type { ContainerRecord } from "../../../../../lib/workloads/node/pod/container_record.ts";
import { type PodFacts, type PodPhase, podPhase, podStatus } from "../../../../../lib/workloads/node/pod/pod_status.ts";
import { qosClass } from "../../../../../lib/workloads/node/pod/qos_class.ts";
import { unsupportedFeatures } from "../../../../../lib/workloads/node/pod/unsupported.ts";

/** c creating, b backing off after a failure, r running, R running and ready, 0 and 1 ended with that code. */
const states: Readonly<
  Record<string, { readonly state: ContainerState; readonly ready?: true; readonly last?: true }>
> = {
  c: { state: { waiting: { reason: "ContainerCreating" } } },
  b: { state: { waiting: { reason: "CrashLoopBackOff" } }, last: true },
  r: { state: { running: { startedAt: "2026-01-01T00:00:00Z" } } },
  R: { state: { running: { startedAt: "2026-01-01T00:00:00Z" } }, ready: true },
  "0": { state: { terminated: { exitCode: 0, reason: "Completed" } } },
  "1": { state: { terminated: { exitCode: 1, reason: "Error" } } },
};

function records(letters: string): ContainerRecord[] {
  return [...letters].map((letter, index) => {
    const { state, ready, last } = states[letter] ?? assert.fail(letter);
    return {
      name: `c${index}`,
      image: "app",
      state,
      ready: ready ?? false,
      started: ready ?? false,
      restartCount: 0,
      ...(last === undefined ? {} : { lastTerminated: { exitCode: 1 } }),
    };
  });
}

function facts(
  letters: string,
  restartPolicy: string,
  more: Partial<PodFacts> & { readonly init?: string } = {},
): PodFacts {
  const { init = "", ...rest } = more;
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "default", generation: 3 },
    spec: { restartPolicy, containers: [{ name: "c0" }] },
  };
  const given = { pod, containers: records(letters), initContainers: records(init) };
  return { ...given, startTime: 0, prepared: true, over: false, ...rest };
}

const phases: readonly (readonly [letters: string, policy: string, phase: PodPhase, over?: boolean, init?: string])[] =
  [
    ["c", "Always", "Pending"],
    ["cr", "Always", "Pending"],
    ["r", "Always", "Running"],
    ["R0", "Never", "Running"],
    ["b", "Always", "Running"],
    ["0", "Always", "Running"],
    ["1", "OnFailure", "Running"],
    ["b0", "OnFailure", "Running"],
    ["0", "OnFailure", "Succeeded"],
    ["00", "Never", "Succeeded"],
    ["01", "Never", "Failed"],
    ["0", "Always", "Succeeded", true],
    ["1", "Always", "Failed", true],
    ["b", "Always", "Failed", true],
    ["c", "Always", "Failed", true],
    ["c", "Always", "Pending", false, "r"],
    ["c", "Always", "Pending", false, "0c"],
    ["c", "Always", "Pending", false, "1"],
    ["c", "Never", "Failed", false, "1"],
    ["r", "Always", "Running", false, "00"],
  ];
for (const [letters, policy, phase, over = false, init = ""] of phases) {
  Deno.test(`podPhase() is ${phase} for containers "${letters}"${init && ` after "${init}"`}, ${policy}${over ? ", over" : ""}`, () => {
    assert.equal(podPhase(facts(letters, policy, { over, init })), phase);
  });
}

Deno.test("podPhase() never leaves the end", () => {
  const { pod, ...rest } = facts("r", "Always");
  assert.equal(podPhase({ ...rest, pod: { ...pod, status: { phase: "Failed" } } }), "Failed");
});

Deno.test("podStatus() keeps a condition's time while its status stays", () => {
  const earlier = "2025-01-01T00:00:00Z";
  const previous = [
    { type: "Ready", status: "False", lastTransitionTime: earlier },
    { type: "Initialized", status: "True", lastTransitionTime: earlier },
  ];
  const now = Date.parse("2026-01-01T00:00:10Z");
  const { conditions, phase, observedGeneration } = podStatus(facts("RR", "Always"), previous, now);
  assert.ok(Array.isArray(conditions));
  const times = conditions.map((each) => {
    assert.ok(typeof each === "object" && each !== null && "type" in each && "lastTransitionTime" in each);
    return `${each["type"]} ${each["status"]} ${each["lastTransitionTime"]}`;
  });
  assert.deepEqual(times, [
    "PodReadyToStartContainers True 2026-01-01T00:00:10Z",
    `Initialized True ${earlier}`,
    "Ready True 2026-01-01T00:00:10Z",
    "ContainersReady True 2026-01-01T00:00:10Z",
    "PodScheduled True 2026-01-01T00:00:10Z",
  ]);
  assert.deepEqual([phase, observedGeneration], ["Running", 3]);
});

Deno.test("podStatus() waits for readiness gates", () => {
  const { pod, ...rest } = facts("R", "Always");
  const gated = { ...pod, spec: { ...pod.spec, readinessGates: [{ conditionType: "example.org/x" }] } };
  const ready = (with_: Pod): unknown => {
    const { conditions } = podStatus({ ...rest, pod: with_ }, [], 0);
    assert.ok(Array.isArray(conditions));
    const [, , found] = conditions;
    return typeof found === "object" && found !== null && "status" in found ? found["status"] : undefined;
  };
  assert.equal(ready(gated), "False");
  assert.equal(ready({ ...gated, status: { conditions: [{ type: "example.org/x", status: "True" }] } }), "True");
});

const classes = [
  [{}, "BestEffort"],
  [{ requests: { cpu: "0" } }, "BestEffort"],
  [{ requests: { cpu: "1" } }, "Burstable"],
  [{ limits: { cpu: "1" } }, "Burstable"],
  [{ limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1" } }, "Guaranteed"],
  [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }, "Burstable"],
] as const;
for (const [resources, expected] of classes) {
  Deno.test(`qosClass() is ${expected} for ${JSON.stringify(resources)}`, () => {
    assert.equal(qosClass({ containers: [{ name: "a", resources }] }), expected);
  });
}

Deno.test("unsupportedFeatures() finds nothing in an ordinary pod, and every one of these", () => {
  const pod = (spec: Partial<Pod["spec"]>): Pod => {
    const { pod } = facts("c", "Always");
    return { ...pod, spec: { ...pod.spec, ...spec } };
  };
  const fine = {
    name: "a",
    securityContext: { runAsNonRoot: true },
    resources: { limits: { cpu: "1" } },
    readinessProbe: { httpGet: { port: 1 } },
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  };
  assert.deepEqual(unsupportedFeatures(pod({ containers: [fine], volumes: [{ name: "x", emptyDir: {} }] })), []);
  const found = unsupportedFeatures(pod({
    volumes: [{ name: "v", nfs: { path: "/", server: "s" } }, {
      name: "p",
      projected: { sources: [{ clusterTrustBundle: { path: "x" } }] },
    }],
    initContainers: [{ name: "side", restartPolicy: "Always" }],
    containers: [{
      name: "m",
      livenessProbe: { exec: {} },
      readinessProbe: { grpc: { port: 1 } },
      lifecycle: { preStop: { exec: {} }, postStart: { sleep: { seconds: 1 } } },
      volumeMounts: [{ name: "v", mountPath: "/v", subPathExpr: "$(X)" }],
    }],
  }));
  assert.deepEqual(found.map((each) => each.replace(/: this node knows .*/, "")), [
    "volume v of type nfs",
    "volume p projects clusterTrustBundle",
    "init container side is a sidecar",
    "container m has a probe of type exec",
    "container m has a probe of type gRPC",
    "container m has a postStart hook",
    "container m has a preStop hook other than sleep",
    "container m mounts v with a subPathExpr",
  ]);
});
