// Book 5.3.3: gives the aliases that testaliasquery looks for.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  const handle = await skynet.newService('test5');
  skynet.nameService('.testalias', handle);
  skynet.nameService('testalias', handle);
});
