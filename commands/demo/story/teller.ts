import type { Clock } from "../../../lib/util/clock/mod.ts";
import { type Look, seconds, UnmetError, untilMet } from "./until_met.ts";

/** One step of a story. */
export interface Step {
  readonly title: string;
  /** What the guide promises. */
  readonly guide: string;
  /** Acts and looks. @throws UnmetError when something is not as the guide says. */
  readonly run: (teller: Teller, signal: AbortSignal) => Promise<void>;
}

/** What a {@link Teller} works with. */
export interface TellerOptions {
  readonly clock: Clock;
  readonly print: (text: string) => void;
  /** Resolves when it is worth to look again. */
  readonly changed: () => Promise<void>;
}

/** Tells a story on a terminal or in a log, and looks whether it is true. */
export class Teller {
  readonly #options: TellerOptions;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** Begins a step. */
  begin(number: number, { title, guide }: Step): void {
    this.#print(`\n${number}. ${title}\n${wrap(guide, "   ")}\n`);
  }

  /** Says what was done, as a person would do it. */
  did(command: string): void {
    this.#print(`\n   $ ${command}\n`);
  }

  /** Shows what a command printed. */
  shows(output: string): void {
    const lines = output.replace(/\s+$/, "").split("\n");
    if (lines.join("") !== "") this.#print(`${lines.map((line) => `   ${line}`.trimEnd()).join("\n")}\n`);
  }

  /** Says that something was as it should be. */
  fact(what: string): void {
    this.#print(`   ok  ${what}\n`);
  }

  /** Looks once. @throws UnmetError when it is not as expected. */
  check(expected: string, look: Look): void {
    if (!look.met) throw new UnmetError(expected, look.seen);
    this.fact(look.seen);
  }

  /**
   * Looks until it is as expected, and says how long that took.
   * @param within milliseconds. @throws UnmetError with the last look when it takes longer; the signal's reason.
   */
  async expect(
    expected: string,
    within: number,
    look: (signal: AbortSignal) => Look | Promise<Look>,
    signal: AbortSignal,
  ): Promise<void> {
    const { seen, took } = await untilMet(expected, within, look, this.#options, signal);
    this.fact(`${seen} (${seconds(took)})`);
  }

  /** Says what went wrong. */
  failed(error: UnmetError): void {
    this.#print(`\n   FAILED  expected: ${error.expected}\n           seen:     ${error.seen}\n`);
  }

  #print(text: string): void {
    this.#options.print(text);
  }
}

/** How a story is told. */
export interface TellOptions {
  readonly steps: readonly Step[];
  readonly teller: Teller;
  /** The last log lines of the pods concerned, for a story that goes wrong. */
  readonly logs: () => Promise<string>;
  readonly print: (text: string) => void;
}

/**
 * Tells the steps one after the other, up to the first that fails.
 * @returns whether all of it was true. @throws the signal's reason, and what is no matter of the story.
 */
export async function tell({ steps, teller, logs, print }: TellOptions, signal: AbortSignal): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    teller.begin(index + 1, step);
    try {
      await step.run(teller, signal);
    } catch (error) {
      if (!(error instanceof UnmetError)) throw error;
      teller.failed(error);
      print(`\n${await logs()}`);
      return false;
    }
  }
  return true;
}

/** Breaks a text into indented lines of up to 100 columns. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 1 <= 100) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines.join("\n");
}
