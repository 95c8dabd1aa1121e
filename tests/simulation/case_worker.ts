/** A thread that plays the cases that it is sent, one after another. */
import { parentPort } from "node:worker_threads";
import { resultOf } from "./cases.ts";
import type { Answer, Task } from "./pool.ts";

const port = parentPort;
if (port === null) throw new Error("this is started by pool.ts");

port.on("message", (task: Task) => {
  resultOf(task.case, task.isShrunk).then(
    (result) => port.postMessage({ result } satisfies Answer),
    (error: unknown) => port.postMessage({ error: error instanceof Error ? error.stack : error } satisfies Answer),
  );
});

// What is sent before somebody listens is lost.
port.postMessage("ready" satisfies Answer);
