import assert from "node:assert/strict";
import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { objectAt, stringAt } from "../../lib/apiserver/json.ts";
import { Hunt, sequenceOf } from "./hunt.ts";
import { type Lie, LyingFace } from "./lying_face.ts";
import { MemoryFace } from "./memory_face.ts";
import type { Outcome } from "./sequence.ts";
import { runs } from "../support/runs.ts";
import { setUp } from "./set_up.ts";
import type { Step } from "./steps.ts";

/** Lies, with the fewest steps that show them and where the difference must be. */
const lies: readonly (Lie & { readonly steps: number; readonly at: RegExp })[] = [
  {
    name: "another status code",
    answer: (answer) => answer.code === 404 ? { ...answer, code: 410 } : answer,
    steps: 1,
    at: /^\.code: 410 \| 404$/,
  },
  {
    name: "another reason",
    answer: (answer) => changeBody(answer, "AlreadyExists", { reason: "Conflict" }),
    steps: 2,
    at: /^\.body\.reason: "Conflict" \| "AlreadyExists"$/,
  },
  {
    name: "other words",
    answer: (answer) => changeBody(answer, "NotFound", { message: "it is not here" }),
    steps: 1,
    at: /^\.body\.message: "it is not here"/,
  },
  {
    name: "a field that is missing in an object",
    answer: (answer, { method }) => {
      if (method !== "POST" || !isJsonObject(answer.body) || answer.body["kind"] !== "ConfigMap") return answer;
      const { data: _, ...body } = answer.body;
      return { ...answer, body };
    },
    steps: 1,
    at: /^\.body\.data: absent \| \{/,
  },
  {
    name: "no warnings",
    answer: (answer) => ({ ...answer, warnings: [] }),
    steps: 2,
    at: /^\.warnings\[0\]: absent \| "299/,
  },
  {
    name: "an event that never comes",
    events: (events) => events.slice(0, -1),
    steps: 1,
    at: /^events/,
  },
  {
    name: "events in another order",
    events: (events) => events.toSorted((left, right) => nameOf(left) < nameOf(right) ? 1 : -1),
    steps: 2,
    at: /^events/,
  },
];

function changeBody(
  answer: Parameters<NonNullable<Lie["answer"]>>[0],
  reason: string,
  change: Record<string, string>,
): typeof answer {
  const { body } = answer;
  return isJsonObject(body) && body["reason"] === reason ? { ...answer, body: { ...body, ...change } } : answer;
}

function nameOf(event: JSONValue): string {
  return isJsonObject(event) ? stringAt(objectAt(objectAt(event, "object"), "metadata"), "name") : "";
}

async function hunt(lie: Lie): Promise<Hunt> {
  const honest = new MemoryFace();
  await setUp(honest);
  return new Hunt(new LyingFace(honest, lie));
}

for (const lie of lies) {
  Deno.test(`a server that answers with ${lie.name} is found out, and the sequence shrunk`, async () => {
    const hunting = await hunt(lie);
    let [seed, outcome]: [number, Outcome] = [0, { result: "same" }];
    while (outcome.result !== "different" && seed < 80) outcome = await hunting.run(sequenceOf(++seed));
    assert.equal(outcome.result, "different");
    const steps: readonly Step[] = await hunting.shrink(seed, 3_000) ?? [];
    assert(steps.length > 0 && steps.length <= lie.steps, JSON.stringify(steps, undefined, 1));
    const again = await hunting.run(steps);
    assert(again.result === "different");
    assert.match(again.differences.join("\n"), new RegExp(lie.at, "m"));
  });
}

Deno.test("two servers that both tell the truth do not differ", async () => {
  const hunting = await hunt({ name: "none" });
  for (let seed = 1; seed <= runs(8); seed++) {
    const outcome = await hunting.run(sequenceOf(seed));
    assert.equal(outcome.result, "same", JSON.stringify(outcome));
  }
});
