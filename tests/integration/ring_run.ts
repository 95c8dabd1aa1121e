import { runRing } from "../../commands/ring/mod.ts";
import { fakeParts } from "../commands/common/fake_parts.ts";
import { settled, type Stage } from "./stage.ts";

/** How a run of the ring command ended. */
export interface RingRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the ring command on a stage, as a person with all rights. */
export async function runRingOn(stage: Stage, ...args: readonly string[]): Promise<RingRun> {
  const { parts, output } = fakeParts({
    clock: stage.clock,
    findCluster: () =>
      Promise.resolve({
        description: "the stage",
        namespace: "default",
        open: ({ userAgent }) => stage.connect("admin", userAgent),
      }),
  });
  const running = runRing(args, parts, undefined, new AbortController().signal);
  const code = await settled(stage, `ring ${args.join(" ")} ends`, running, 90_000);
  return { code, ...output };
}
