/** The injected time: the contract, the machine's clock, and a virtual one for tests and the simulation. */
export { type Clock, type Deadline, deadline, DeadlineError, sleep } from "./clock.ts";
export { systemClock } from "./system_clock.ts";
export { VirtualClock } from "./virtual_clock.ts";
