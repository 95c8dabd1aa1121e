/** Profiles of this process, in the format that `go tool pprof` and Parca read, and their HTTP endpoints. */
export { type Profiler, ProfilerError, startProfiler } from "./inspector_profiler.ts";
export { profileHandler, profilesPath } from "./profile_handler.ts";
