/**
 * Long runs of the differential test:
 *
 *     deno run -A tests/differential/run.ts --sequences 1000 --seed 1
 *
 * Prints each new kind of difference with the shortest sequence that shows it, and figures at the end.
 */
import { parseArgs } from "node:util";
import { Hunt, sequenceOf } from "./hunt.ts";
import { RealFace } from "./real_face.ts";
import type { Outcome } from "./sequence.ts";
import { setUp } from "./set_up.ts";

const { values } = parseArgs({
  options: {
    sequences: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "3600" },
    shrink: { type: "string", default: "15" },
  },
});

await using real = await RealFace.start();
await setUp(real);
const hunt = new Hunt(real);
const found = new Map<string, number>();
const known = new Map<string, number>();
const [first, end] = [Number(values.seed), Date.now() + Number(values.seconds) * 1_000];
let ran = 0;
const began = Date.now();
for (; ran < Number(values.sequences) && Date.now() < end; ran++) {
  const seed = first + ran;
  const outcome = await hunt.run(sequenceOf(seed));
  if (outcome.result === "same") continue;
  const signature = outcome.result === "known" ? outcome.name : signatureOf(outcome);
  const counts = outcome.result === "known" ? known : found;
  const before = counts.get(signature) ?? 0;
  counts.set(signature, before + 1);
  if (outcome.result === "known" || before > 0) continue;
  print(`\n=== seed ${seed}: ${signature}`);
  const steps = Number(values.shrink) === 0 ? undefined : await hunt.shrink(seed, Number(values.shrink) * 1_000);
  const again = steps === undefined ? outcome : await hunt.run(steps);
  for (const step of steps ?? []) print(JSON.stringify(step));
  show(again.result === "different" ? again : outcome);
}
const { requests, events, refusals } = hunt.tally;
print(
  `\n${ran} sequences (${hunt.count} with those of shrinking) in ${
    Date.now() - began
  } ms, ${requests} requests, ${refusals} of them refused, ${events} events`,
);
for (const [name, times] of known) print(`known ${times}: ${name}`);
for (const [name, times] of [...found].toSorted((a, b) => b[1] - a[1])) print(`FOUND ${times}: ${name}`);

function signatureOf(outcome: Extract<Outcome, { result: "different" }>): string {
  const paths = outcome.differences.map((each) => each.replaceAll(/\d+/g, "N").slice(0, 110)).slice(0, 2);
  const { step } = outcome;
  return `${step === undefined ? "events" : "kind" in step ? `${step.do} ${step.kind}` : step.do} ${paths.join(" ; ")}`;
}

function show(outcome: Extract<Outcome, { result: "different" }>): void {
  print(outcome.request);
  for (const each of outcome.differences.slice(0, 12)) print(`  ${each}`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
