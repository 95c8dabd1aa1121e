import type { Stage } from "./stage.ts";
import { World } from "./world.ts";

/** One behaviour of the system. */
export interface Behaviour {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  /** Takes too long in real time, or needs a hand in the API server. */
  readonly virtualOnly?: boolean;
  /** Needs what only the real API server does. */
  readonly realOnly?: boolean;
}

/** Shows one behaviour on a stage, in a world of its own. */
export async function show(behaviour: Behaviour, stage: Stage, number: number): Promise<void> {
  await using world = new World(stage, `ring-${number}`);
  await behaviour.run(world);
}
