import type { Trouble } from "../../../lib/rings/troubles.ts";
import { describeError } from "../../../lib/util/log.ts";
import type { LeavingResult } from "./look_result.ts";

/** Shards that a message names; there may be more. */
const namedShards = 5;

/**
 * Why objects that are not the ring's any more keep its labels, and what helps.
 * @param isLong they have had time enough: what usually goes by itself is a trouble, too.
 */
export function leavingTroubles(result: LeavingResult, isLong: boolean): readonly Trouble[] {
  const troubles: Trouble[] = [];
  if (result.forbidden.size > 0) {
    const resources = [...result.forbidden].sort().join(", ");
    troubles.push(
      trouble("Forbidden", `the sharder may not list or patch ${resources}: give it the verbs list and patch`),
    );
  }
  if (!isLong) return troubles;
  const stuck = result.shardsFor("acknowledgement");
  if (stuck.length > 0) {
    troubles.push(trouble(
      "DrainsNotAcknowledged",
      `${named(stuck)} not let go of them: look at the shard's log, or stop it`,
    ));
  }
  const unknown = result.shardsFor("judgement");
  if (unknown.length > 0) {
    troubles.push(trouble(
      "ShardUnknown",
      `their labels name ${unknown.slice(0, namedShards).join(", ")}, and it is ` +
        "not known yet whether there is such a shard",
    ));
  }
  const failure = result.failures.find(({ isForbidden }) => !isForbidden);
  if (failure !== undefined) {
    troubles.push(trouble("Failed", `${failure.resource} cannot be released: ${describeError(failure.error)}`));
  }
  return troubles;
}

function trouble(reason: string, why: string): Trouble {
  return { type: "ObjectsLeft", reason, message: `Objects that are not the ring's any more keep its labels: ${why}` };
}

function named(shards: readonly string[]): string {
  const more = shards.length > namedShards ? ", ..." : "";
  const names = `${shards.slice(0, namedShards).join(", ")}${more}`;
  return shards.length === 1 ? `shard ${names} has` : `shards ${names} have`;
}
