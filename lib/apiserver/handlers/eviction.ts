import type { JSONObject } from "../../k8s/contract.ts";
import { type Context, timestamp } from "../context.ts";
import { deepEqual, objectAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { readDeleteOptions } from "../request/write_options.ts";
import { pods } from "../resources/builtin.ts";
import { withPodCondition } from "../resources/pod_conditions.ts";
import { storageKey } from "../resources/served_resource.ts";
import { evictions } from "../resources/subresources.ts";
import { notFound } from "../status.ts";
import { recordKey } from "../store/record.ts";
import { spendDisruption } from "./disruption_budget.ts";
import { done, readSubresourceBody } from "./create_subresource.ts";
import { readShape } from "./projection.ts";
import { checkPreconditions, removeRecord } from "./remove.ts";

/** What a pod that is evicted says of it. */
const disruption: JSONObject = {
  type: "DisruptionTarget",
  status: "True",
  reason: "EvictionByEvictionAPI",
  message: "Eviction API: evicting",
};

/** POST of an eviction: the pod is deleted, after it was said why. */
export async function evictPod(context: Context, call: Call, namespace: string, name: string): Promise<Answer> {
  const body = await readSubresourceBody({
    context,
    call,
    resource: pods,
    subresource: "eviction",
    bodies: evictions,
    namespace,
    name,
  });
  const query = readDeleteOptions(objectAt(body.object, "deleteOptions"));
  await body.validate();
  const collection = context.store.collection(storageKey(pods));
  const record = collection.get(recordKey(namespace, name));
  if (record === undefined) throw notFound(pods, name);
  checkPreconditions(pods, record, query);
  const dryRun = body.dryRun || query.dryRun;
  const pod = readShape(record, pods);
  spendDisruption(context, pod, dryRun);
  const marked = withPodCondition(pod, disruption, timestamp(context.clock));
  const current = dryRun || deepEqual(marked, pod) ? record : context.store.put(collection, marked, record);
  removeRecord(context, pods, current, { ...query, dryRun });
  return done();
}
