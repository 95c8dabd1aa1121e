import assert from "node:assert/strict";
import {
  initialProbeState,
  nextProbeState,
  type ProbeKind,
} from "../../../../../lib/workloads/node/probes/probe_state.ts";
import { probeTarget, probeTiming } from "../../../../../lib/workloads/node/probes/probe_target.ts";

/** Outcomes: + success, - failure. Verdicts: s success, f failure, ? unknown. */
const histories:
  readonly (readonly [kind: ProbeKind, success: number, failure: number, outcomes: string, verdicts: string])[] = [
    ["readiness", 1, 3, "-+--+---+", "fssssssfs"],
    ["readiness", 1, 3, "+---+", "sssfs"],
    ["readiness", 2, 1, "++-+-++", "fsffffs"],
    ["liveness", 1, 2, "+-+--", "ssssf"],
    ["startup", 1, 3, "--+", "??s"],
    ["startup", 1, 3, "---", "??f"],
  ];
for (const [kind, successThreshold, failureThreshold, outcomes, verdicts] of histories) {
  const thresholds = { successThreshold, failureThreshold };
  Deno.test(`a ${kind} probe with thresholds ${successThreshold} and ${failureThreshold} judges ${outcomes}`, () => {
    let state = initialProbeState(kind);
    const found = [...outcomes].map((outcome) => {
      state = nextProbeState(state, outcome === "+", thresholds);
      return state.verdict === "unknown" ? "?" : state.verdict.charAt(0);
    }).join("");
    assert.equal(found, verdicts);
  });
}

Deno.test("probeTarget() calls the port that the pod has on this machine", () => {
  const ports = { http: 20_001, "8080": 20_001 };
  const http = { type: "http", scheme: "http", host: "127.0.0.1", port: 20_001, path: "/x?y", headers: [] };
  assert.deepEqual(probeTarget({ httpGet: { port: "http", path: "/x?y" } }, ports), http);
  assert.deepEqual(probeTarget({ httpGet: { port: 8080, path: "x?y", scheme: "HTTPS" } }, ports), {
    ...http,
    scheme: "https",
    path: "/x?y",
  });
  assert.deepEqual(probeTarget({ tcpSocket: { port: 9090 } }, ports), { type: "tcp", host: "127.0.0.1", port: 9090 });
  assert.equal(probeTarget({ tcpSocket: { port: "nope" } }, ports), undefined);
});

Deno.test("probeTiming() has Kubernetes' defaults", () => {
  assert.deepEqual(probeTiming({}), {
    initialDelay: 0,
    period: 10_000,
    timeout: 1_000,
    successThreshold: 1,
    failureThreshold: 3,
  });
});
