import { type RingTroubles, type Trouble, type TroubleType, troubleTypes } from "../../lib/rings/troubles.ts";
import type { ControllerRing, RingCondition } from "../../lib/sharding/ring_types.ts";
import { secondsPrecise } from "./seconds_precise.ts";

/** What is known of the troubles of rings. */
export type TroubleReader = Pick<RingTroubles, "of" | "isDecided">;

/** What can be read at a glance. What is wrong with so many things at once that it does not fit is told in the log. */
const longestMessage = 2_000;

/**
 * The conditions of a ring with those for its troubles: each exists while there is something to say, with status "True".
 * Those that an earlier leader wrote stay until it is known whether they still hold. Others keep place and values.
 */
export function withTroubles(
  conditions: readonly RingCondition[],
  ring: ControllerRing,
  known: TroubleReader,
  now: number,
): readonly RingCondition[] {
  const { name } = ring.metadata;
  const troubles = Map.groupBy(known.of(name), ({ type }) => type);
  const kept = conditions.flatMap((condition) => {
    const type = troubleTypes.find((type) => type === condition.type);
    if (type === undefined) return [condition];
    const found = troubles.get(type);
    if (found !== undefined) return [conditionOf(type, found, ring, condition, now)];
    return known.isDecided(name, type) ? [] : [condition];
  });
  const added = [...troubles].filter(([type]) => !conditions.some((condition) => condition.type === type))
    .map(([type, found]) => conditionOf(type, found, ring, undefined, now));
  return [...kept, ...added];
}

/** One condition for all troubles of a type. */
function conditionOf(
  type: TroubleType,
  troubles: readonly Trouble[],
  { metadata }: ControllerRing,
  previous: RingCondition | undefined,
  now: number,
): RingCondition {
  const messages = [...new Set(troubles.map(({ message }) => message))];
  return {
    type,
    status: "True",
    reason: troubles[0]?.reason ?? type,
    message: shortened(messages.length === 1 ? messages.join() : messages.map(withoutPeriod).join(". ")),
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    lastTransitionTime: previous?.status === "True" ? previous.lastTransitionTime : secondsPrecise(now),
  };
}

function withoutPeriod(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 3)}...`;
}
