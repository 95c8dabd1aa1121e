import { get } from "node:https";

/** How many passes there were since the sharder's start, and how long they took. */
export interface PassMetrics {
  readonly count: number;
  /** Seconds of all of them together. */
  readonly seconds: number;
}

/**
 * Reads of a sharder's metrics what its passes of one kind did. Nobody can check the certificate that a replica issues
 * for its metrics itself.
 */
export async function readPassMetrics(port: number, token: string, kind: string): Promise<PassMetrics> {
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = get({ host: "127.0.0.1", port, path: "/metrics", headers, rejectUnauthorized: false }, (answer) => {
      answer.setEncoding("utf8");
      let body = "";
      answer.on("data", (part: string) => body += part);
      answer.on("end", () => answer.statusCode === 200 ? resolve(body) : reject(new Error(`/metrics: ${body}`)));
      answer.on("error", reject);
    });
    request.on("error", reject);
  });
  return parsePassMetrics(text, kind);
}

/** Finds the passes of a kind, of all rings, in the text of a sharder's metrics. */
export function parsePassMetrics(text: string, kind: string): PassMetrics {
  const sum = (suffix: string): number =>
    text.split("\n")
      .filter((line) => line.startsWith(`controller_sharding_pass_duration_seconds_${suffix}{`))
      .filter((line) => line.includes(`kind="${kind}"`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf("}") + 1)), 0);
  return { count: sum("count"), seconds: sum("sum") };
}
