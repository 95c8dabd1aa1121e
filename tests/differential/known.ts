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
    name: "unknown groups get a Status in memory, a line of text from the real server",
    applies: (_step, real, memory) => real.body === "404 page not found\n" && memory.code === 404,
  },
  {
    name: "a watch as PartialObjectMetadataList is refused in memory",
    applies: (step, _real, memory) =>
      step.do === "watch" && step.accept.includes("PartialObjectMetadataList") && memory.code === 406,
  },
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
    name: "open: the direct face does not look at the media type of a new object",
    applies: (step, real) => step.do === "raw" && real.code === 415,
  },
  {
    name: "open: apply configurations with values that the type does not take get 400 in memory",
    applies: (step, real, memory) => step.do === "apply" && real.code >= 400 && memory.code >= 400,
  },
  {
    name: "open: what goes when a manager drops it from its configuration and another one wrote it too",
    applies: (step) => step.do === "apply",
  },
  {
    name: "open: who owns metadata that a client may send but not set (selfLink, deletionTimestamp)",
    applies: (step) => /"(selfLink|deletionTimestamp)"/.test(JSON.stringify(step)),
  },
  {
    name: "open: what becomes of values in custom resources that the schema does not take",
    applies: (step) =>
      "kind" in step && step.kind === "rings" &&
      /"spec":("x"|null)|"shards":"many"|"status":{}|"creationTimestamp"/.test(JSON.stringify(step)),
  },
  {
    name: "an empty list of webhooks is none in memory, so that it does not count up the generation",
    applies: (step) => /"webhooks":\[\]/.test(JSON.stringify(step)),
  },
  {
    name: "an empty managedFields does not take ownership away in memory",
    applies: (step) => JSON.stringify(step).includes('"managedFields":[]'),
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
