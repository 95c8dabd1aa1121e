import type { Fault } from "../../lib/apiserver/mod.ts";
import { type Random, seededRandom } from "../../lib/util/random.ts";
import type { RequestFilter, TestRequest } from "../../testing.ts";
import { isHunt, runs } from "../support/runs.ts";
import type { NthFault } from "./every_nth.ts";
import { survive } from "./storm.ts";

/** What may go wrong with a request. */
const faults: Readonly<Record<string, Fault>> = {
  "409": { type: "status", code: 409 },
  "422": { type: "status", code: 422 },
  "429 with Retry-After": { type: "status", code: 429, retryAfterSeconds: 1 },
  "500": { type: "status", code: 500 },
  "503": { type: "status", code: 503 },
  "no answer, and not done": { type: "timeout", ms: 10_000, reached: false },
  "no answer, but done": { type: "timeout", ms: 10_000, reached: true },
  "connection refused": { type: "refused" },
  "connection reset after it was done": { type: "lost answer" },
  "stream cut": { type: "cut stream", after: 1, how: "error" },
};

/** Kinds of requests that are befallen by themselves in a mixture. */
const kinds: readonly RequestFilter[] = [
  { process: /^sharder/, verb: "patch" },
  { process: /^shard-/, verb: "patch" },
  { verb: ["create", "delete"] },
  { verb: "update" },
  { verb: "get" },
  { verb: "list" },
  { verb: "watch" },
  { verb: "other" },
];

const distances = [2, 3, 5, 7];

/** To an author's reconciler a 422 is an answer, not a fault: the object is invalid, and stays so. */
function isTrouble(fault: Fault, { process, resource }: TestRequest): boolean {
  return !(fault.type === "status" && fault.code === 422 && process.startsWith("shard-") && resource === "configmaps");
}

function nth(n: number, fault: Fault, filter: RequestFilter = {}): NthFault {
  return { n, fault, filter: { ...filter, where: (request) => isTrouble(fault, request) } };
}

/** To each kind of request something else. */
function mixture(random: Random): NthFault[] {
  function pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(random.next() * from.length)];
    if (picked === undefined) throw new RangeError("there is nothing to pick from");
    return picked;
  }
  return kinds.map((filter) => nth(pick(distances), pick(Object.values(faults)), filter));
}

for (const [index, [name, fault]] of Object.entries(faults).entries()) {
  for (const [turn, n] of distances.entries()) {
    if (!isHunt && turn !== index % distances.length) continue;
    for (let run = 0; run < runs(1); run++) {
      const seed = 100 * index + 10 * turn + run + 1;
      Deno.test(`every request no. ${n} of each kind: ${name} (seed ${seed})`, () => survive(seed, [nth(n, fault)]));
    }
  }
}

for (let seed = 1; seed <= runs(2); seed++) {
  Deno.test(`each kind of request breaks in its own way (seed ${seed})`, () =>
    survive(seed, mixture(seededRandom(seed))));
}
