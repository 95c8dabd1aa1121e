import { isJsonObject } from "../../lib/k8s/errors.ts";
import type { WireAnswer } from "./face.ts";
import type { Step } from "./steps.ts";

/** One way in which the in-memory server knowingly differs. */
interface Known {
  readonly name: string;
  readonly applies: (step: Step, real: WireAnswer, memory: WireAnswer) => boolean;
}

const list: readonly Known[] = [
  {
    name: "coordinated Leases (strategy, preferredHolder) are an alpha feature that the real server has switched off",
    applies: (step) => /"(strategy|preferredHolder)"/.test(JSON.stringify(step)),
  },
  {
    name: "the real garbage collector hears of a new CRD half a minute late, the one in memory at once",
    applies: (step) =>
      (step.do === "delete" || step.do === "deletecollection") && step.kind === "rings" && step.policy !== "",
  },
  {
    name: "the real server's handler panics",
    applies: (_step, real) => real.code === 0,
  },
  {
    // It says so itself, which is never a wrong answer.
    name: "501: not supported in memory",
    applies: (_step, _real, memory) => memory.code === 501,
  },
];

/** Name of the known difference that explains two answers; undefined when there is none. */
export function known(step: Step, real: WireAnswer, memory: WireAnswer): string | undefined {
  return list.find(({ applies }) => applies(step, real, memory))?.name;
}

/** The text of a refusal. */
export function messageOf({ body }: WireAnswer): string {
  return isJsonObject(body) && typeof body["message"] === "string" ? body["message"] : "";
}
