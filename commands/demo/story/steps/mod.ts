/** The getting-started guide, step by step. */
import type { Step } from "../teller.ts";
import { addition } from "./addition.ts";
import { crash } from "./crash.ts";
import { creation } from "./creation.ts";
import { removal } from "./removal.ts";
import { rollingUpdate } from "./rolling_update.ts";
import { setUp } from "./set_up.ts";
import type { StoryParts } from "./step_parts.ts";

export type { StoryParts };

/** The steps in the order of the guide. */
export function storySteps(parts: StoryParts): readonly Step[] {
  return [setUp(parts), creation(parts), removal(parts), addition(parts), crash(parts), rollingUpdate(parts)];
}
