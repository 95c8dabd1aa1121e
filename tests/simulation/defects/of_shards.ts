import { isJsonObject } from "../../../lib/k8s/errors.ts";
import * as sharding from "../../../mod.ts";
import type { TestStage } from "../../../testing.ts";
import type { Defect } from "./defect.ts";
import { intercept, labelPatchOf, mapStream } from "./requests.ts";
import { restless } from "./restless.ts";

/** Things that a shard may do wrong. */
export const defectsOfShards: readonly Defect[] = [
  {
    name: "shards do not acknowledge drains",
    breaks: "G2",
    // They believe that they do.
    install: intercept(
      "shard-",
      (request, next) =>
        labelPatchOf(request)?.acknowledges === true
          ? next({ method: "GET", path: request.path, expectJson: true })
          : next(request),
    ),
  },
  {
    name: "shards remove only the drain label",
    breaks: "G2",
    install: intercept("shard-", (request, next) => {
      const patch = labelPatchOf(request);
      if (patch?.acknowledges !== true) return next(request);
      const isKept = ({ op, path }: Record<string, unknown>): boolean =>
        op !== "remove" || `${path}`.includes("/drain.");
      return next({ ...request, bodyJson: patch.operations.filter(isKept) });
    }),
  },
  {
    name: "shards go on with objects that they have let go of",
    breaks: "G1",
    setUp: restless({ group: "sharded", forgets: false }),
  },
  {
    name: "shards do not hear that objects have moved away",
    breaks: "G1",
    setUp: restless({ group: "sharded", forgets: true }),
    install: intercept(
      "shard-",
      async (request, next) =>
        mapStream(
          await next(request),
          (value) => isJsonObject(value) && value["type"] === "DELETED" ? undefined : value,
        ),
    ),
  },
  {
    name: "shards write beyond the deadline of their Lease",
    breaks: "G1",
    setUp: restless({ group: "always", forgets: false }),
    install: cutLease,
  },
  {
    name: "shards promise to stop earlier than they do",
    breaks: "G1",
    setUp: restless({ group: "sharded", forgets: true }),
    install: (stage) => {
      cutLease(stage);
      stage.inject({ type: "slow stream", ms: 10_000 }, { process: "shard-0", verb: "watch" });
      intercept("shard-", (request, next) => {
        const { bodyJson, path } = request;
        if (!path.includes("/leases") || !isJsonObject(bodyJson) || !isJsonObject(bodyJson["spec"])) {
          return next(request);
        }
        const metadata = isJsonObject(bodyJson["metadata"]) ? bodyJson["metadata"] : {};
        const spec = { ...bodyJson["spec"], leaseDurationSeconds: 2 };
        return next({ ...request, bodyJson: { ...bodyJson, metadata: { ...metadata, annotations: {} }, spec } });
      })(stage);
    },
  },
];

/** After its first renewals one shard does not reach its Lease any more. */
function cutLease(stage: TestStage): void {
  stage.inject({ type: "refused" }, { resource: sharding.leases, process: "shard-0", skip: 12 });
}
