// Book 5.3.2 and 5.3.3: a local alias is looked up at once, a global one is waited for.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.error('localname .testalias handle', skynet.address(skynet.localName('.testalias')));
  skynet.error('localname testalias handle', skynet.address(skynet.localName('testalias')));
  skynet.error('queryname .testalias handle', skynet.address(await skynet.queryName('.testalias')));
  skynet.error('queryname testalias handle', skynet.address(await skynet.queryName('testalias')));
});
