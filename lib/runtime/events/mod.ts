/** Events about objects, for people. */
export { EventRecorder, type EventRecorderOptions } from "./event_recorder.ts";
export type { EventNote, EventReporter } from "./event.ts";
