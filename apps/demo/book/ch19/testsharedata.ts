// Book 19.1: shares a table, replaces it, takes it away. What reads it meanwhile is testreadsharedata.
import { defineService } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';

interface Items {
  readonly [name: string]: { readonly price: number; readonly tags: readonly string[] };
}

export default defineService(async (skynet) => {
  const sharedata = createShareData(skynet);
  const file = new URL('items.json', import.meta.url).pathname;

  await sharedata.new('items', `@${file}`); // From a file; also from a value, or from text.
  const items = await sharedata.query<Items>('items');
  skynet.error('items', Object.keys(items).join(' '));

  const reader = await skynet.newService('testreadsharedata');
  await skynet.call(reader, 'lua', 'price', 'sword');

  await sharedata.update('items', { sword: { price: 90, tags: [] } });
  skynet.error('price here', items['sword']?.price, 'shield', items['shield'] ?? 'is gone');
  await skynet.call(reader, 'lua', 'price', 'sword');

  try {
    Object.assign(items['sword'] ?? {}, { price: 1 });
  } catch (error) {
    skynet.error((error as Error).message);
  }

  await sharedata.delete('items');
  await skynet.call(reader, 'lua', 'price', 'sword'); // Who has it keeps it.
  try {
    await sharedata.query('items');
  } catch (error) {
    skynet.error((error as Error).message);
  }
});
