import type { ObjectMeta } from "../lib/k8s/types.ts";
import { type Random, randomSuffix } from "../lib/util/random.ts";

/** Twice what the API server adds: no retry hides a collision here. */
const suffixLength = 10;

/** With the suffix that makes 52 characters, which the strictest kinds (CronJobs) still take as a name. */
const longestPrefix = 42;

/** What a generated name may begin with in the most liberal kinds: a path segment of printable ASCII characters. */
const prefixPattern = /^[!-$&-.0-~]+$/;

/**
 * The name of an object that has only a `generateName`: its prefix and 10 random characters. Undefined when it has a
 * name already, no prefix, or one too long or odd: then the API server makes the name, or says what is wrong with it.
 */
export function finalName(metadata: Pick<ObjectMeta, "name" | "generateName">, random: Random): string | undefined {
  const { name = "", generateName = "" } = metadata;
  if (name !== "" || generateName.length > longestPrefix || !prefixPattern.test(generateName)) return undefined;
  return `${generateName}${randomSuffix(random, suffixLength)}`;
}
