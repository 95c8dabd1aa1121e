/**
 * Plays docs/getting-started.md on a real demo and writes what was printed into it, and the picture for the README:
 * `deno run -A tests/commands/demo/recording/record_guide.ts`. Look at the difference before you commit it.
 */
import { locateBinaries } from "../../../controlplane/assets.ts";
import { parseGuide, withOutputs } from "./guide.ts";
import { playGuide } from "./play_guide.ts";
import { bestPicture, pictureToSvg } from "./svg.ts";

const guide = new URL("../../../../docs/getting-started.md", import.meta.url);
const picture = new URL("../../../../docs/images/demo.svg", import.meta.url);

const text = await Deno.readTextFile(guide);
const print = (line: string): number => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const { outputs, pictures } = await playGuide({
  blocks: parseGuide(text),
  port: 7443,
  kubectl: locateBinaries({ controllerManager: false }).kubectl,
  onCommand: (command) => print(`$ ${command}`),
});
await Deno.writeTextFile(guide, withOutputs(text, outputs));
await Deno.mkdir(new URL(".", picture), { recursive: true });
await Deno.writeTextFile(picture, pictureToSvg(bestPicture(pictures)));
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", guide.pathname, picture.pathname] }).output();
print(`written: ${guide.pathname}, ${picture.pathname}`);
