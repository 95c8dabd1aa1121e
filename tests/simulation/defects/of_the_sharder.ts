import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import type { Defect } from "./defect.ts";
import { assignTo, intercept, labelPatchOf, mapStream } from "./requests.ts";

/** Things that the sharder may do wrong. */
export const defectsOfTheSharder: readonly Defect[] = [
  {
    name: "the sharder moves objects of live shards without a drain",
    breaks: "G1",
    install: intercept(
      "sharder-",
      (request, next) =>
        labelPatchOf(request)?.drains === true ? next({ ...request, bodyJson: [assignTo("shard-3")] }) : next(request),
    ),
  },
  {
    name: "the sharder takes objects away from live shards instead of draining them",
    // The webhook gives each back to its shard, so nothing ever moves.
    breaks: "G2",
    install: intercept("sharder-", (request, next) => {
      if (labelPatchOf(request)?.drains !== true) return next(request);
      return next({ ...request, bodyJson: [{ ...assignTo(""), op: "remove" }] });
    }),
  },
  {
    name: "the sharder moves children together with the drain of their owner",
    breaks: "G4",
    install: intercept("sharder-", async (request, next) => {
      const answer = await next(request);
      if (labelPatchOf(request)?.drains === true && request.path.includes("/secrets/")) {
        const path = request.path.replace("/secrets/", "/configmaps/work-");
        await next({ ...request, path, bodyJson: [assignTo("shard-3")] }).catch(() => undefined);
      }
      return answer;
    }),
  },
  {
    name: "the sharder's writes in one namespace are lost",
    breaks: "G2",
    install: intercept(
      "sharder-",
      (request, next) =>
        labelPatchOf(request) !== undefined && request.path.includes("/namespaces/two/")
          ? next({ method: "GET", path: request.path, expectJson: true })
          : next(request),
    ),
  },
  {
    name: "the sharder takes no Lease over",
    breaks: "G2",
    install: intercept("sharder-", (request, next) => {
      const { bodyJson, path, method } = request;
      const spec = isJsonObject(bodyJson) && isJsonObject(bodyJson["spec"]) ? bodyJson["spec"] : {};
      const isTakeOver = method === "PUT" && spec["holderIdentity"] === "shardlease-controller";
      return isTakeOver ? next({ method: "GET", path, expectJson: true }) : next(request);
    }),
  },
  {
    name: "the sharder hears nothing of Leases after its start",
    breaks: "G2",
    install: intercept("sharder-", async (request, next) => {
      const answer = await next(request);
      return request.path.endsWith("/leases") ? mapStream(answer, () => undefined) : answer;
    }),
  },
  {
    name: "the sharder writes its webhook configuration again and again",
    breaks: "G5",
    // What is stored is never what it wants, and another thing each time.
    install: (stage) => {
      let writes = 0;
      // Slowly, as it would never come to an end otherwise.
      const resource = { group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations" };
      stage.inject({ type: "delay", ms: 5_000 }, { resource, verb: "patch" });
      intercept("sharder-", (request, next) => {
        const { bodyJson, path } = request;
        if (!path.includes("/mutatingwebhookconfigurations/") || !isJsonObject(bodyJson)) return next(request);
        return next({
          ...request,
          bodyJson: changed(bodyJson, { timeoutSeconds: 1, matchPolicy: writes++ % 2 === 0 ? "Exact" : "Equivalent" }),
        });
      })(stage);
    },
  },
  {
    name: "the API server waits long for the webhook",
    breaks: "G3",
    install: intercept("sharder-", (request, next) => {
      const { bodyJson, path } = request;
      if (!path.includes("/mutatingwebhookconfigurations/") || !isJsonObject(bodyJson)) return next(request);
      return next({ ...request, bodyJson: changed(bodyJson, { timeoutSeconds: 8 }) });
    }),
  },
];

/** A webhook configuration with other settings. */
function changed(configuration: JSONObject, settings: JSONObject): JSONObject {
  const webhooks: JSONValue = configuration["webhooks"] ?? [];
  if (!Array.isArray(webhooks)) return configuration;
  return {
    ...configuration,
    webhooks: webhooks.map((webhook: JSONValue) => isJsonObject(webhook) ? { ...webhook, ...settings } : webhook),
  };
}
