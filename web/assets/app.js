// The script of every page: htmx for parts of the page, one live stream per browser, the browser phone in one tab.
import htmx from "htmx.org";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startForms } from "./forms.js";
import { startMenus } from "./menus.js";
import { startNavigation } from "./navigation.js";
import { startTimers } from "./timers.js";
import { startPrinting } from "./print.js";
import { startSearch } from "./search.js";
import { startPhoneFace } from "./phone-face.js";
import { startDevices } from "./devices.js";
import { startActivity } from "./activity.js";
import { startTransfers } from "./transfers.js";
import { startAppointments } from "./appointments.js";
import { startPeople } from "./people.js";
import { startConsultation } from "./consultation.js";
import { startMissed } from "./missed.js";
import { startDialling } from "./dialling.js";
import { startWallboard } from "./wallboard.js";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.allowScriptTags = false;
htmx.config.historyCacheSize = 0; // a snapshot of a card must not stay in the browser's storage
htmx.config.selfRequestsOnly = true;
htmx.config.defaultSettleDelay = 0; // until it is over a new link leads to a whole new page, which a phone does not outlive
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409", swap: true, error: false },
  { code: "422", swap: true, error: false },
  { code: "[45]..", swap: false, error: true },
];

startTimers();
startMenus();
startForms(htmx);
startNavigation(htmx);
startKeys();
startDevices();
startPrinting();
startAppointments();
startSearch(htmx);
startPeople(htmx);
startConsultation(htmx);
startMissed(htmx);
startDialling(htmx);
startWallboard();
if (document.body.dataset.visitor) {
  startPhoneFace();
  startActivity();
  startTransfers();
  startLive(htmx);
}
