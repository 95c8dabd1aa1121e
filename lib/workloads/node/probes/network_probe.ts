import { Buffer } from "node:buffer";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { ProbeOutcome } from "./probe_state.ts";
import type { ProbeTarget } from "./probe_target.ts";

type HttpTarget = Extract<ProbeTarget, { type: "http" }>;

/** The longest part of an answer's body that is read, in bytes: only its end is waited for. */
const longestBody = 10_240;

/**
 * Calls a probe's target over the network, as a kubelet does: any status from 200 to 399 is a success, redirects are
 * not followed, and certificates are not verified. node:https is used because fetch cannot leave out the latter.
 */
export function networkProbe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  return target.type === "http" ? callHttp(target, signal) : callTcp(target.host, target.port, signal);
}

function callHttp(target: HttpTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const { scheme, host, port, path, headers } = target;
  const { promise, resolve, reject } = Promise.withResolvers<ProbeOutcome>();
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const options = {
    host,
    port,
    path,
    headers: {
      ...(given.has("user-agent") ? {} : { "user-agent": "kube-probe/1.36" }),
      ...(given.has("accept") ? {} : { accept: "*/*" }),
      connection: "close",
      ...Object.fromEntries(headers),
    },
    agent: false,
  };
  const request = scheme === "https" ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
  request.on("response", (response) => {
    const status = response.statusCode ?? 0;
    const success = status >= 200 && status < 400;
    let read = 0;
    const done = (): void => {
      resolve({ success, message: success ? "" : `HTTP probe failed with statuscode: ${status}` });
      request.destroy();
    };
    response.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (read > longestBody) done();
    });
    response.on("end", done);
    response.on("error", reject);
  });
  request.on("error", (error: Error) => {
    reject(new Error(`Get "${scheme}://${host}:${port}${path}": ${inWordsOfGo(error, host, port)}`, { cause: error }));
  });
  request.end();
  return untilAborted(promise, signal, () => request.destroy());
}

function callTcp(host: string, port: number, signal: AbortSignal): Promise<ProbeOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeOutcome>();
  const socket = connect({ host, port });
  socket.on("connect", () => {
    resolve({ success: true, message: "" });
    socket.destroy();
  });
  socket.on("error", (error: Error) => reject(new Error(inWordsOfGo(error, host, port), { cause: error })));
  return untilAborted(promise, signal, () => socket.destroy());
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, cancel: () => void): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => {
    cancel();
    aborted.reject(signal.reason);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  promise.catch(() => undefined); // After an abort nobody waits for it any more.
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function inWordsOfGo(error: Error, host: string, port: number): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return `dial tcp ${host}:${port}: connect: connection refused`;
  if (code === "ECONNRESET") return "read: connection reset by peer";
  return error.message;
}
