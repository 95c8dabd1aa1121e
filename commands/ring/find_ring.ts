import { Api } from "../../lib/k8s/api/api.ts";
import { isNotFound } from "../../lib/k8s/errors.ts";
import { type ControllerRing, controllerRings } from "../../lib/sharding/ring_types.ts";
import { closestName } from "../../lib/util/closest_name.ts";
import { deadline } from "../../lib/util/clock/mod.ts";
import type { RingCommandContext } from "./context.ts";
import { allowed, RingCommandError } from "./ring_error.ts";

/** A server that does not answer the first request within this time, in milliseconds, is not there. */
const firstAnswer = 15_000;

const resource = "controllerrings.sharding.timebertt.dev";

/** All rings, sorted by name. @throws RingCommandError when there can be none, as their definition is not installed */
export async function listRings({ client, parts, server, signal }: RingCommandContext): Promise<ControllerRing[]> {
  using limit = deadline(parts.clock, firstAnswer, `the request to ${server}`, signal);
  try {
    const { items } = await allowed(
      "list",
      resource,
      () => new Api(client, controllerRings).list({ signal: limit.signal }),
    );
    return [...items].sort((a, b) => a.metadata.name < b.metadata.name ? -1 : 1);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new RingCommandError(
      `${server} has no ControllerRings: its CustomResourceDefinition is not installed. ` +
        "kubectl apply --server-side -k deploy/crds installs it",
      { cause: error },
    );
  }
}

/**
 * The ring of this name; undefined when there is none.
 * @param isDefined there has to be a definition of rings
 * @throws RingCommandError as {@link listRings} does
 */
export async function findRingIfAny(
  context: RingCommandContext,
  name: string,
  isDefined = true,
): Promise<ControllerRing | undefined> {
  const { client, parts, server, signal } = context;
  using limit = deadline(parts.clock, firstAnswer, `the request to ${server}`, signal);
  const found = await allowed(
    "get",
    resource,
    () => new Api(client, controllerRings).find(name, { signal: limit.signal }),
  );
  if (!isDefined) return found;
  // There is no such ring, or no rings at all.
  return found ?? (await listRings(context)).find(({ metadata }) => metadata.name === name);
}

/** The ring of this name. @throws RingCommandError when there is none */
export async function findRing(context: RingCommandContext, name: string): Promise<ControllerRing> {
  const found = await findRingIfAny(context, name);
  if (found !== undefined) return found;
  const names = (await listRings(context)).map(({ metadata }) => metadata.name);
  const meant = closestName(name, names);
  const others = names.length === 0 ? "there are none" : `there are: ${names.join(", ")}`;
  throw new RingCommandError(
    `there is no ControllerRing "${name}"${meant === undefined ? `; ${others}` : `; did you mean "${meant}"?`}`,
  );
}
