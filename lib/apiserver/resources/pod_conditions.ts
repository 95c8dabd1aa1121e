import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt } from "../json.ts";

/**
 * The pod with a condition in its status; the time of its last transition stays when its status does.
 * @param time as the server writes times
 */
export function withPodCondition(pod: JSONObject, condition: JSONObject, time: string): JSONObject {
  const status = objectAt(pod, "status");
  const conditions = objectsAt(status, "conditions");
  const before = conditions.find(({ type }) => type === condition["type"]);
  const isSame = before !== undefined && before["status"] === condition["status"];
  const lastTransitionTime = isSame ? before["lastTransitionTime"] : time;
  const { type, status: holds, ...rest } = condition;
  const next: JSONObject = { type, status: holds, lastProbeTime: null, lastTransitionTime, ...rest };
  const others = before === undefined ? [...conditions, next] : conditions.map((each) => each === before ? next : each);
  return { ...pod, status: { ...status, conditions: others } };
}
