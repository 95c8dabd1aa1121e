import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { pods } from "../resources/builtin.ts";
import { forbidden } from "../status.ts";
import type { Admission, AdmissionAttempt } from "./admission.ts";

/** How long a pod stays on a node that is gone. */
const tolerated = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Priorities of the classes that every server has; others cannot be made here. */
const classes: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

/**
 * What kube-apiserver's plugins Priority and DefaultTolerationSeconds do to pods: the latter also when they change.
 * Throws a StatusError 403 for a class that there is not, and for a priority that is not that of the class.
 */
export const podDefaults: Admission = {
  admit({ resource, subresource, operation, object }: AdmissionAttempt): JSONObject | undefined {
    if (resource !== pods || subresource !== undefined || object === undefined) return object;
    const spec = objectAt(object, "spec");
    if (operation === "UPDATE") return { ...object, spec: { ...spec, tolerations: tolerationsOf(spec) } };
    const metadata = objectAt(object, "metadata");
    const priority = priorityOf(spec, stringAt(metadata, "name") || stringAt(metadata, "generateName"));
    return { ...object, spec: { ...spec, ...priority, tolerations: tolerationsOf(spec) } };
  },
};

function priorityOf(spec: JSONObject, name: string): JSONObject {
  const className = stringAt(spec, "priorityClassName");
  const priority = className === "" ? 0 : classes[className];
  if (priority === undefined) throw forbidden(pods, name, `no PriorityClass with name ${className} was found`);
  const preemptionPolicy = "PreemptLowerPriority";
  const refuse = (what: string, computed: string | number): Error =>
    forbidden(
      pods,
      name,
      `the ${what} must not be provided in pod spec; priority admission controller computed ${computed} from the ` +
        "given PriorityClass name",
    );
  if (typeof spec["priority"] === "number" && spec["priority"] !== priority) {
    throw refuse(`integer value of priority (${spec["priority"]})`, priority);
  }
  const policy = stringAt(spec, "preemptionPolicy");
  if (policy !== "" && policy !== preemptionPolicy) {
    throw refuse(`string value of PreemptionPolicy (${policy})`, preemptionPolicy);
  }
  return { priority, preemptionPolicy };
}

function tolerationsOf(spec: JSONObject): JSONObject[] {
  const given = objectsAt(spec, "tolerations");
  const isMet = (key: string): boolean =>
    given.some((each) =>
      ["", key].includes(stringAt(each, "key")) && ["", "NoExecute"].includes(stringAt(each, "effect"))
    );
  const added = tolerated.filter((key) => !isMet(key))
    .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  return [...given, ...added];
}
