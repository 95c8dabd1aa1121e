/** A guide in Markdown whose commands can be played, and whose output can be written anew. Pure. */

/** What a comment `<!-- play: ... -->` in front of a block says. */
export type Direction =
  | { readonly type: "run" }
  /** The command starts the demo; its output is what that prints. */
  | { readonly type: "demo" }
  /** The commands are repeated until the last one's output matches. */
  | { readonly type: "until"; readonly pattern: RegExp }
  /** A command that goes on in the background; in a block of commands with output: besides them. */
  | { readonly type: "start"; readonly name: string }
  /** Its output so far, and its end. */
  | { readonly type: "stop"; readonly name: string };

/** A block of commands. */
export interface Block {
  readonly direction: Direction;
  /** Without the prompt. */
  readonly commands: readonly string[];
  /** Does the block show what was printed? */
  readonly shown: boolean;
  /** What is printed below each command. */
  readonly outputs: readonly string[];
  /** Where the block's content is in the lines of the guide. */
  readonly from: number;
  readonly to: number;
}

/** The blocks of a guide. @throws Error for a direction that is not understood. */
export function parseGuide(text: string): readonly Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let direction: Direction = { type: "run" };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const comment = /^<!-- play: (.*) -->$/.exec(line)?.[1];
    if (comment !== undefined) direction = directionOf(comment);
    const language = /^```(console|bash)$/.exec(line)?.[1];
    if (language === undefined) continue;
    const to = lines.indexOf("```", i);
    const content = lines.slice(i + 1, to);
    blocks.push({ direction, ...contentOf(content, language === "console"), from: i + 1, to });
    direction = { type: "run" };
    i = to;
  }
  return blocks;
}

function directionOf(text: string): Direction {
  const [, verb, rest = ""] = /^(\w+) ?(.*)$/.exec(text) ?? [];
  switch (verb) {
    case "demo":
      return { type: "demo" };
    case "until":
      return { type: "until", pattern: new RegExp(rest.slice(1, -1)) };
    case "start":
    case "stop":
      return { type: verb, name: rest };
    default:
      throw new Error(`the guide has a direction that is not understood: ${text}`);
  }
}

function contentOf(content: readonly string[], shown: boolean): Pick<Block, "commands" | "shown" | "outputs"> {
  if (!shown) return { commands: [content.join("\n")], shown, outputs: [""] };
  const commands: string[] = [];
  const outputs: string[] = [];
  for (const line of content) {
    const command = /^\$ (.*)$/.exec(line)?.[1];
    if (command !== undefined) {
      commands.push(command);
      outputs.push("");
    } else if (outputs.length > 0) outputs[outputs.length - 1] += `${line}\n`;
  }
  return { commands, shown, outputs };
}

/** Control sequences of colours. */
const colours = new RegExp("\u001b\\[[0-9;]*m", "g");

/** The guide with other output. @param outputs of each block of {@link parseGuide}, one for each command */
export function withOutputs(text: string, outputs: readonly (readonly string[])[]): string {
  const lines = text.split("\n");
  const blocks = parseGuide(text);
  for (const [index, block] of [...blocks.entries()].toReversed()) {
    if (!block.shown) continue;
    const content = block.commands.flatMap((command, i) => {
      const output = (outputs[index]?.[i] ?? "").replaceAll(colours, "").replace(/\s+$/, "");
      return [`$ ${command}`, ...(output === "" ? [] : output.split("\n").map((line) => line.trimEnd()))];
    });
    lines.splice(block.from, block.to - block.from, ...content);
  }
  return lines.join("\n");
}
