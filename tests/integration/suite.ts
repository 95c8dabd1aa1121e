import type { Stage } from "./stage.ts";
import { World } from "./world.ts";

/** What not every stage can do. */
export type Ability =
  /** Time passes as fast as the machine can compute it. */
  | "virtual time"
  /** The API server forgets its history when a test wants it. */
  | "compaction"
  /** The API server crashes and comes back. */
  | "restart";

/** One behaviour of the system. */
export interface Behaviour {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  /** It is shown where the stage has this ability only. */
  readonly needs?: { readonly ability: Ability; readonly why: string };
}

/** The behaviours that a stage with these abilities can show, each with its number in the list. */
export function shownWith(
  behaviours: readonly Behaviour[],
  abilities: readonly Ability[],
): { readonly behaviour: Behaviour; readonly number: number }[] {
  return behaviours.map((behaviour, number) => ({ behaviour, number }))
    .filter(({ behaviour: { needs } }) => needs === undefined || abilities.includes(needs.ability));
}

/** Shows one behaviour on a stage, in a world of its own. */
export async function show(behaviour: Behaviour, stage: Stage, number: number): Promise<void> {
  await using world = new World(stage, `ring-${number}`);
  await behaviour.run(world);
}
