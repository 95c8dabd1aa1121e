import type { Defect } from "./defect.ts";
import { defectsOfShards } from "./of_shards.ts";
import { defectsOfTheSharder } from "./of_the_sharder.ts";
import { defectsOfTheWebhook } from "./of_the_webhook.ts";

/** Everything that can be deliberately wrong. */
export const defects: readonly Defect[] = [...defectsOfShards, ...defectsOfTheSharder, ...defectsOfTheWebhook];

/** @throws RangeError when there is none of that name */
export function defectNamed(name: string): Defect {
  const found = defects.find((defect) => defect.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`there is no such defect: there are\n${defects.map((each) => `  ${each.name}`).join("\n")}`);
}
