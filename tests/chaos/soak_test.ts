import assert from "node:assert/strict";
import { type SoakedProcess, soakProblem } from "./soak.ts";

/** A process whose resident memory grows by so much in an hour, with this error. */
function process(perHour: number, error: number, rest: Partial<SoakedProcess> = {}): SoakedProcess {
  const slopes = { resident: { mean: 80, perHour, error, grows: perHour > error } };
  return { name: "shard-0", isOurs: true, minutes: 60, slopes, connections: [1, 0], cpu: 1, starts: 1, ...rest };
}

Deno.test("soakProblem() has nothing against processes that stay as they are, and does not judge the control plane", () => {
  assert.equal(soakProblem([process(0.5, 1), process(50, 1, { name: "etcd", isOurs: false })]), undefined);
});

Deno.test("soakProblem() names what grows, and what was started again", () => {
  assert.equal(soakProblem([process(5, 1)]), "this grows: resident of shard-0");
  assert.equal(soakProblem([process(0, 1, { starts: 2 })]), "ended and was started again: shard-0");
});

Deno.test("soakProblem() takes no short soak for one in which nothing grew", () => {
  for (const processes of [[process(0, NaN)], [process(0, 1, { slopes: {} })], []]) {
    assert.equal(soakProblem(processes), "too short to tell whether anything grows");
  }
});
