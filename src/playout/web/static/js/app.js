// What every page has. A page's own script is a module of its own, named in its block `scripts`.
import "./dialog.js";
import "./keys.js";
import "./live.js";
import "./preferences.js";
import "./tabs.js";
import "./toast.js";
