// Book 19.1: another service, which looks at the same memory. Its view follows updates by itself.
import { defineService } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';

export default defineService(async (skynet) => {
  const sharedata = createShareData(skynet);
  const items = await sharedata.query<Record<string, { price: number }>>('items');
  return {
    price(name: string): void {
      skynet.error('price there', items[name]?.price);
    },
  };
});
