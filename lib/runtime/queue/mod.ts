/** The work queue between event sources and workers, and its rate limiters. */
export { WorkQueue, type WorkQueueOptions } from "./work_queue.ts";
export {
  BucketLimiter,
  type BucketLimiterOptions,
  defaultLimiter,
  ExponentialLimiter,
  type ExponentialLimiterOptions,
  MaxOfLimiters,
  type RateLimiter,
} from "./rate_limiter.ts";
export type { QueueGauges, QueueObserver } from "./queue_observer.ts";
