import { defineService } from '@skynet/core';
import { adopt } from '@skynet/core/adopt';
import { Redis } from 'ioredis';

/** The library's own client, for what `@skynet/redis` has no method for: here a loop over keys. */
export default defineService((skynet, port) => {
  const redis = adopt(skynet, new Redis({ port: Number(port) }), {
    close: (owned) => owned.disconnect(),
    code: 'ERR_CACHE',
  });
  return {
    async fill(count: number): Promise<void> {
      const pipeline = redis.pipeline();
      for (let i = 0; i < count; i++) pipeline.set(`key:${i}`, i);
      await pipeline.exec();
    },
    async keys(): Promise<number> {
      let count = 0;
      for await (const keys of redis.scanStream({ match: 'key:*' })) count += (keys as string[]).length;
      return count;
    },
    async wrong(): Promise<void> {
      await redis.call('nosuch');
    },
  };
});
