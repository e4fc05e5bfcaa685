/* AP.context, AP.user */
import { ask, boot, callerOf, host, placeOf, promising, reader } from "./page.js";

host.defineModule("context", {
  getToken: promising(async function () {
    return (await ask("/devhost/api/context-token", placeOf(callerOf(arguments)))).token;
  }),
  getContext: promising(function () {
    return callerOf(arguments).options.productContext || {};
  }),
});

host.defineModule("user", {
  getCurrentUser: reader(
    boot.accountId === null ? {} : { atlassianAccountId: boot.accountId }
  ),
  getTimeZone: reader(Intl.DateTimeFormat().resolvedOptions().timeZone),
  getLocale: reader("en_US"),
});
