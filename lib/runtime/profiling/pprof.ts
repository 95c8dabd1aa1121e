import { gzipSync } from "node:zlib";
import {
  Function as FunctionEntry,
  Line,
  Location,
  Mapping,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from "pprof-format";

/** A function on a stack, as V8 names it. */
export interface Frame {
  /** "" for code outside functions. */
  readonly functionName: string;
  /** URL of the script; "" for the runtime's own code. */
  readonly url: string;
  /** From 0; -1 where there is none. */
  readonly lineNumber: number;
}

/** What was measured on one stack. */
export interface StackSample {
  /** From the innermost frame to the outermost. */
  readonly stack: readonly Frame[];
  /** One value for each of the profile's types. */
  readonly values: readonly number[];
}

/** What a profile measures, such as `{ type: "cpu", unit: "nanoseconds" }`. */
export interface Measure {
  readonly type: string;
  readonly unit: string;
}

/** A profile, before it is encoded. */
export interface ProfileData {
  readonly measures: readonly [Measure, ...Measure[]];
  readonly samples: Iterable<StackSample>;
  /** What a sample is taken of, and after how much of it. */
  readonly period: Measure & { readonly value: number };
  /** Wall-clock time of the beginning, in milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds that it took; 0 for the state at one moment. */
  readonly duration: number;
}

/** Encodes a profile the way `go tool pprof` reads it (github.com/google/pprof, proto/profile.proto), gzipped. */
export function encodePprof(data: ProfileData): Uint8Array<ArrayBuffer> {
  const strings = new StringTable();
  const measure = ({ type, unit }: Measure): ValueType =>
    new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) });
  const tables = new Tables(strings);
  const sample = [...data.samples].map(({ stack, values }) =>
    new Sample({ locationId: stack.map((frame) => tables.locationOf(frame)), value: values.map(Math.round) })
  );
  const profile = new Profile({
    sampleType: data.measures.map(measure),
    sample,
    // Says that the names are all there, so that pprof looks for no binary.
    mapping: [
      new Mapping({
        id: 1,
        filename: strings.dedup("deno"),
        hasFunctions: true,
        hasFilenames: true,
        hasLineNumbers: true,
      }),
    ],
    location: tables.locations,
    function: tables.functions,
    stringTable: strings,
    timeNanos: BigInt(Math.round(data.start)) * 1_000_000n,
    durationNanos: BigInt(Math.round(data.duration)) * 1_000_000n,
    periodType: measure(data.period),
    period: data.period.value,
  });
  return Uint8Array.from(gzipSync(profile.encode()));
}

/** The functions and lines of a profile, each once. */
class Tables {
  readonly locations: Location[] = [];
  readonly functions: FunctionEntry[] = [];
  readonly #strings: StringTable;
  readonly #locationIds = new Map<string, number>();
  readonly #functionIds = new Map<string, number>();

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  locationOf(frame: Frame): number {
    const line = Math.max(frame.lineNumber + 1, 0);
    const key = `${line} ${frame.url} ${frame.functionName}`;
    const known = this.#locationIds.get(key);
    if (known !== undefined) return known;
    const id = this.locations.length + 1;
    const functionId = this.#functionOf(frame);
    this.locations.push(new Location({ id, mappingId: 1, line: [new Line({ functionId, line })] }));
    this.#locationIds.set(key, id);
    return id;
  }

  #functionOf({ functionName, url }: Frame): number {
    const key = `${url} ${functionName}`;
    const known = this.#functionIds.get(key);
    if (known !== undefined) return known;
    const id = this.functions.length + 1;
    const name = this.#strings.dedup(functionName === "" ? "(anonymous)" : functionName);
    this.functions.push(new FunctionEntry({ id, name, systemName: name, filename: this.#strings.dedup(url) }));
    this.#functionIds.set(key, id);
    return id;
  }
}
