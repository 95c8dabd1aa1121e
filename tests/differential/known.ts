import { isJsonObject } from "../../lib/k8s/errors.ts";
import type { WireAnswer } from "./face.ts";
import type { Step } from "./steps.ts";

/** A step whose answers differ. */
export interface Difference {
  /** Undefined for the events of watches. */
  readonly step: Step | undefined;
  /** The steps of the sequence before it. */
  readonly before: readonly Step[];
  readonly real: WireAnswer;
  readonly memory: WireAnswer;
  /** `path: real | memory`. */
  readonly differences: readonly string[];
}

/** One way in which the in-memory server knowingly differs: which requests, and what about them. */
interface Known {
  readonly name: string;
  /** Does it leave the servers in different states? What follows cannot be compared then. */
  readonly lasting: boolean;
  readonly applies: (difference: Difference) => boolean;
}

const list: readonly Known[] = [
  {
    name: "coordinated Leases (strategy, preferredHolder) are an alpha feature that the real server has switched off",
    lasting: true,
    applies: ({ step, before }) =>
      [step, ...before].some((each) =>
        each !== undefined && "kind" in each && each.kind === "leases" &&
        /"(strategy|preferredHolder)":/.test(JSON.stringify(each))
      ),
  },
  {
    name: "the real garbage collector hears of a new CRD half a minute late, the one in memory at once",
    lasting: true,
    applies: ({ step, before }) =>
      [step, ...before].some((each) =>
        each !== undefined && (each.do === "delete" || each.do === "deletecollection") && each.kind === "rings" &&
        (each.policy === "Foreground" || each.policy === "Orphan")
      ) && (step === undefined || ("kind" in step && step.kind === "rings")),
  },
  {
    name: "a namespace that is being deleted goes in its own time on the real server, in memory at once",
    lasting: true,
    applies: ({ step, before }) =>
      (step === undefined || ("kind" in step && step.kind === "namespaces")) &&
      before.some((each) =>
        "kind" in each && each.kind === "namespaces" &&
        (each.do === "delete" || (each.do === "apply" && JSON.stringify(each).includes('"deletionTimestamp":')))
      ),
  },
  {
    name: "empty labels and annotations of an applied custom resource are shown to webhooks by the real server",
    lasting: false,
    applies: ({ step, differences }) =>
      step?.do === "apply" && step.kind === "rings" &&
      differences.every((each) =>
        /^reviews\[\d\]\.object\.metadata\.(annotations|labels|finalizers): (\{\}|\[\]|null) \| absent$/.test(each)
      ),
  },
  {
    name:
      "what is empty in the metadata of an applied custom resource makes the real server write when nothing changes",
    lasting: true,
    applies: ({ step, before, differences }) =>
      step !== undefined && "kind" in step && step.kind === "rings" &&
      [step, ...before].some((each) =>
        each.do === "apply" && each.kind === "rings" &&
        /"(labels|annotations|finalizers|ownerReferences)":(\[\]|\{\}|null)/.test(JSON.stringify(each))
      ) && differences.every((each) => each.startsWith(".body.metadata.resourceVersion: ")),
  },
  {
    name: "a strict refusal of a custom resource of another version or kind has other words",
    lasting: false,
    applies: ({ step, real, memory, differences }) =>
      (step?.do === "create" || step?.do === "replace") && step.kind === "rings" &&
      (step.spoil === "apiVersion" || step.spoil === "kind") && step.query.includes("fieldValidation=Strict") &&
      real.code === 400 && memory.code === 400 && differences.every((each) => each.startsWith(".body.message: ")),
  },
  {
    name: "$retainKeys for a map that is not there has other words in the refusal of its value",
    lasting: false,
    applies: ({ step, real, memory, differences }) =>
      step?.do === "strategic" && JSON.stringify(step.patch).includes('"$retainKeys":') && real.code === 422 &&
      memory.code === 422 && differences.every((each) => /^\.body\.(details\.causes\[0\]\.)?message: /.test(each)),
  },
  {
    name: "the refusal of a change of a pod's spec does not show the change",
    lasting: false,
    applies: ({ step, differences }) =>
      step?.do === "raw" && step.path.includes("/pods/") &&
      differences.every((each) => /message: .*Forbidden: pod updates may not change fields other than/.test(each)),
  },
  {
    name: "the real server's handler panics",
    lasting: true,
    applies: ({ real }) => real.code === 0,
  },
  {
    // It says so itself, which is never a wrong answer.
    name: "501: not supported in memory",
    lasting: true,
    applies: ({ memory }) =>
      memory.code === 501 && isJsonObject(memory.body) && memory.body["reason"] === "NotImplemented",
  },
];

/** What explains what was found. */
export interface Explanation {
  readonly name: string;
  /** Is what follows not comparable? */
  readonly lasting: boolean;
}

/** The known difference that explains what was found; undefined when there is none. */
export function known(difference: Difference): Explanation | undefined {
  const found = list.find(({ applies }) => applies(difference));
  if (found === undefined) return undefined;
  // Two refusals leave nothing behind.
  const { real, memory } = difference;
  return { name: found.name, lasting: found.lasting && !(real.code >= 400 && memory.code >= 400) };
}
